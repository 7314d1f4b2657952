package helm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Helm's own command line calls itself so in managedFields. Berth does, too, so
// that releases look alike whoever wrote them.
func init() { kube.ManagedFieldsManager = fieldManager }

// Operations performs Helm's operations on one release.
type Operations struct {
	opts     Options
	open     func(ctx context.Context) (Backend, error)
	chart    *ChartSource
	records  *RecordStore
	expected facts.Expected
	recorded []facts.Hook // the hooks that stored records name, of a release that was uninstalled since, too
}

// Expect sets what the operations that follow have to expect of the objects. How they differed
// from the manifest when the deployed revision's deploy was through is left alone. With nil,
// since nothing was noted, it is presumed by who wrote what differs.
func (o *Operations) Expect(e facts.Expected) {
	o.expected, o.recorded = e, slices.Concat(o.recorded, e.Hooks)
}

// operation is one operation of Helm's: the configuration that its action runs
// with, and the base of its Kubernetes client.
type operation struct {
	backend Backend
	config  *action.Configuration
	client  *client
}

// prepare fills Helm's configuration by hand. Helm's own Init would make a
// record store and a client of Helm's. ctx's deadline bounds the waits.
func (o *Operations) prepare(ctx context.Context, t *timeline) (*operation, error) {
	backend, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.sameNamespace(backend.Getter); err != nil {
		return nil, err
	}
	store, err := o.records.store.Operation(record.Clients{Core: backend.Core, Metadata: backend.Metadata}, o.records.deadline)
	if err != nil {
		return nil, err
	}
	releases := storage.Init(newPrunedRecords(store, o.opts.Release, o.opts.Namespace, o.opts.Log))
	releases.Log = o.opts.Log
	releases.MaxHistory = o.opts.MaxHistory
	release := ownership.Release{Namespace: o.opts.Namespace, Name: o.opts.Release}
	sensitive := manifest.NewSensitive(o.opts.Mask)
	left := newLeavings(release, o.expected.Left, sensitive)
	store.Leaves(left.baseline)
	sdk := kube.New(backend.Getter)
	sdk.Namespace = o.opts.Namespace
	sdk.Log = o.opts.Log
	op := &operation{
		backend: backend,
		config: &action.Configuration{
			RESTClientGetter: lookups{backend.Getter, sensitive},
			Releases:         releases,
			Capabilities:     o.chart.capabilities,
			Log:              o.opts.Log,
			HookOutputFunc:   o.hookOutput,
		},
		client: &client{
			sdkClient:    sdk,
			log:          o.opts.Log,
			untilFenced:  backend.Fence.Context(),
			operationCtx: ctx,
			pods:         backend.Pods,
			waiter:       backend.Waiter,
			cacheGets:    backend.CacheGets,
			mapper:       backend.Getter.ToRESTMapper,
			release:      release,
			sensitive:    sensitive,
			inside:       o.opts.Inside,
			adopt:        o.opts.Adopt,
			takenGo:      o.opts.TakenGo,
			foreignGoes:  o.opts.ForeignGoes,
			madeBy:       o.expected.Made,
			keptLater:    keptIn(o.expected.Failed),
			leavings:     left,
			changes:      &changes{sensitive: sensitive},
			timeline:     t,
		},
	}
	left.adopts = op.client.adopts
	op.client.hookObjects.record(release, o.recorded)
	op.client.hookObjects.unmarked(release, o.expected.Unmarked)
	return op, nil
}

// sameNamespace refuses an operation that would store records in one namespace
// and make objects in another: nothing would find the two together again.
func (o *Operations) sameNamespace(g genericclioptions.RESTClientGetter) error {
	objects, _, err := g.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return fmt.Errorf("find the namespace that release %s is made in: %w", o.opts.Release, err)
	}
	if records := o.records.store.Namespace(); objects != o.opts.Namespace || records != o.opts.Namespace {
		return &problem.Problem{Reason: problem.Internal,
			Tried: fmt.Sprintf("work on release %s in namespace %s", o.opts.Release, o.opts.Namespace),
			Cause: fmt.Errorf("its records would go to namespace %s and its objects to %s", records, objects),
			Next:  "Report this, please: it is a fault of Berth. Nothing was sent."}
	}
	return nil
}

func (o *Operations) hookOutput(_, pod, container string) io.Writer {
	if o.opts.HookOutput == nil {
		return io.Discard
	}
	return o.opts.HookOutput(pod, container)
}

// run lets call, which runs an action on k, come to its end or to the closing of
// the fence, and returns what came of it.
func (op *operation) run(k kube.Interface, call func() (*release.Release, error)) result.Outcome {
	op.config.KubeClient = k
	rel, cut, err := supervise(op.backend.Fence, call)
	if !cut {
		op.client.timeline.leave()
	}
	return op.client.outcome(rel, cut, err)
}

// drainTime bounds the wait for requests that were in flight when the fence
// closed.
const drainTime = 2500 * time.Millisecond

// supervise runs one SDK call. It returns when the call does or, with cut, when
// the fence closed and no request of the call is in flight any more. Helm's
// goroutine may go on then, and can send nothing. The fence is closed when the call takes
// more memory than it may: Helm renders the chart anew, and a template can do then what it
// did not do when it was looked at.
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
	memory := time.NewTicker(chart.MemoryEvery)
	defer memory.Stop()
	for open := true; open; {
		select {
		case a := <-done:
			return a.rel, f.Context().Err() != nil, a.err
		case <-f.Context().Done():
			open = false
		case <-memory.C:
			if err := chart.TakesTooMuch(); err != nil {
				f.Close(takesTooMuch(err))
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := f.Drain(ctx); err != nil {
		return nil, true, errors.Join(context.Cause(f.Context()), err)
	}
	return nil, true, context.Cause(f.Context())
}

func takesTooMuch(err error) error {
	return &problem.Problem{Reason: problem.ChartInvalid, Tried: "carry out the operation", Cause: err,
		Next: "Look for a template that has no end; it need not be so each time that the chart is rendered."}
}
