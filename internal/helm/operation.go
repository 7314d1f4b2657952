package helm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
)

// fieldManager is what Helm's own CLI calls itself in managedFields, so that
// releases look alike whoever wrote them.
const fieldManager = "helm"

// parallelCalls bounds how many requests an operation has under way at once.
const parallelCalls = 16

func init() { kube.ManagedFieldsManager = fieldManager }

// Fence stops everything an operation would still send. A cancelled context
// does not: Helm 3 goes on in its goroutine, and can overwrite a record that
// was settled meanwhile.
type Fence interface {
	Context() context.Context // ends when the fence closes
	Drain(ctx context.Context) error
}

// Backend is what one operation runs on. Each operation gets its own.
type Backend struct {
	Getter    genericclioptions.RESTClientGetter
	Core      corev1client.CoreV1Interface // behind the fence, for the records
	Metadata  metadata.Interface           // the same
	Fence     Fence
	CacheGets func() (end func()) // while it lasts, the Getter's clients read an object once
	Pods      kubernetes.Interface
	Waiter    Waiter
}

// configuration fills Helm's own, without Init: that would build its own store
// and client. What waits in it leaves time before ctx ends.
func (r *Releases) configuration(ctx context.Context, s Backend) (*action.Configuration, *client, error) {
	if err := r.sameNamespace(s.Getter); err != nil {
		return nil, nil, err
	}
	store, err := r.store.Operation(record.Clients{Core: s.Core, Metadata: s.Metadata}, r.deadline)
	if err != nil {
		return nil, nil, err
	}
	c := &client{
		Client: kube.New(s.Getter),
		ctx:    s.Fence.Context(),
		run:    ctx,
		pods:   s.Pods,
		waiter: s.Waiter,
		recall: s.CacheGets,
		owner:  r.opts.Namespace + "/" + r.opts.Release,
		kept:   map[facts.Ref]string{},
		looked: func() {},
		phases: newPhases(),
	}
	c.Namespace = r.opts.Namespace
	c.Log = r.opts.Log
	releases := storage.Init(store)
	releases.Log = r.opts.Log
	releases.MaxHistory = r.opts.MaxHistory
	return &action.Configuration{
		RESTClientGetter: s.Getter,
		Releases:         releases,
		KubeClient:       c,
		Capabilities:     r.capabilities,
		Log:              r.opts.Log,
		HookOutputFunc:   r.hookOutput,
	}, c, nil
}

func (r *Releases) hookOutput(_, pod, container string) io.Writer {
	if r.opts.HookOutput == nil {
		return io.Discard
	}
	return r.opts.HookOutput(pod, container)
}

// drainTime bounds the wait for what was in flight when the fence closed.
const drainTime = 2500 * time.Millisecond

// stepTime is what one of Helm's steps may take: somewhat less than is left, so
// that Helm's own end, with its reasons, comes before the fence closes. Helm counts
// the time of each wait anew, hooks' too, so each is held to what is left by then.
func stepTime(ctx context.Context, otherwise time.Duration) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return otherwise
	}
	left := time.Until(deadline)
	return min(otherwise, left-min(left/5, 5*time.Second))
}

// supervise runs one SDK call and returns when it is over, or when its fence
// closed and nothing of it is in flight any more. Helm's goroutine may go on
// then; it can send nothing.
func supervise(f Fence, call func() (*release.Release, error)) (rel *release.Release, cut bool, err error) {
	type answer struct {
		rel *release.Release
		err error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("the Helm SDK panicked: %v\n%s", p, debug.Stack())
			}
			done <- a
		}()
		a.rel, a.err = call()
	}()
	select {
	case a := <-done:
		return a.rel, f.Context().Err() != nil, a.err
	case <-f.Context().Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := f.Drain(ctx); err != nil {
		return nil, true, errors.Join(context.Cause(f.Context()), err)
	}
	return nil, true, context.Cause(f.Context())
}

// capabilitiesOf is what the server can do, from the run's one discovery. With
// it set, Helm does not invalidate and ask again for each configuration.
func capabilitiesOf(g action.RESTClientGetter) (*chartutil.Capabilities, error) {
	dc, err := g.ToDiscoveryClient()
	if err != nil {
		return nil, fmt.Errorf("make a discovery client: %w", err)
	}
	var v *version.Info
	var versions chartutil.VersionSet
	var asks errgroup.Group
	asks.Go(func() (err error) {
		if v, err = dc.ServerVersion(); err != nil {
			return fmt.Errorf("ask the API server for its version: %w", err)
		}
		return nil
	})
	asks.Go(func() (err error) {
		if versions, err = action.GetVersionSet(dc); err != nil {
			return fmt.Errorf("ask the API server for its API versions: %w", err)
		}
		return nil
	})
	if err := asks.Wait(); err != nil {
		return nil, err
	}
	return &chartutil.Capabilities{
		KubeVersion: chartutil.KubeVersion{Version: v.GitVersion, Major: v.Major, Minor: v.Minor},
		APIVersions: versions,
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}, nil
}
