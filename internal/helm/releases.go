package helm

import (
	"context"
	"fmt"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/problem"
)

// Options are what stays the same for every operation of a run.
type Options struct {
	Release    string
	Namespace  string
	Timeout    time.Duration // the verb's whole budget
	MaxHistory int
	Source     chart.Source
	Values     chart.Values
	Log        func(format string, args ...any)
	Rediscover func() // forgets what the API server offers
	HookOutput func(pod, container string) io.Writer
}

// Releases performs the operations of one release.
type Releases struct {
	opts         Options
	store        *record.Store
	open         func(ctx context.Context) (Backend, error)
	archive      *chart.Archive
	values       map[string]any
	capabilities *chartutil.Capabilities
	asked        <-chan *chartutil.Capabilities // gives nil where there was no answer
	deadline     time.Time                      // by when the run is over, for the stamp
	loaded       map[string]*record.Loaded      // by key, as last read
	written      int                            // the revision of the last operation
	ahead        *preloaded                     // its record, read before anybody asked
}

// New makes the operations of one release. open gives the seams of one
// operation, whose fence closes when ctx ends.
func New(opts Options, store *record.Store, open func(ctx context.Context) (Backend, error)) *Releases {
	return &Releases{opts: opts, store: store, open: open, loaded: map[string]*record.Loaded{}}
}

// Begin says by when, in the API server's time, the run is over at the latest.
func (r *Releases) Begin(deadline time.Time) { r.deadline = deadline }

// Fetch brings the chart and its values into memory, and begins to ask the API
// server what it offers, which rendering has to know. It needs no permission,
// so it runs beside the preflight.
func (r *Releases) Fetch(ctx context.Context) error {
	asked := make(chan *chartutil.Capabilities, 1)
	go func() {
		known, _ := r.askCapabilities(ctx) // Render asks again, and says why
		asked <- known
	}()
	r.asked = asked
	values, err := chart.Merge(ctx, r.opts.Values)
	if err != nil {
		return err
	}
	archive, err := chart.Fetch(ctx, r.opts.Source)
	if err != nil {
		return err
	}
	r.archive, r.values = archive, values
	return nil
}

func (r *Releases) askCapabilities(ctx context.Context) (*chartutil.Capabilities, error) {
	seams, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return capabilitiesOf(seams.Getter)
}

// Close removes what Fetch put on disk.
func (r *Releases) Close() error {
	if r.archive == nil {
		return nil
	}
	return r.archive.Close()
}

// Render does what Helm would refuse to go on without, before anything is
// written: dependencies, schema and templates.
func (r *Releases) Render(ctx context.Context, revision int, upgrade bool) error {
	seams, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := r.learn(ctx, seams.Getter); err != nil {
		return err
	}
	config, err := seams.Getter.ToRESTConfig()
	if err != nil {
		return err
	}
	return chart.Render(r.archive, r.values, chart.RenderOptions{
		Release: r.opts.Release, Namespace: r.opts.Namespace, Revision: revision, Upgrade: upgrade,
		Capabilities: r.capabilities, RESTConfig: config,
	})
}

// learn finds out what the API server offers, as Fetch began to.
func (r *Releases) learn(ctx context.Context, g genericclioptions.RESTClientGetter) (err error) {
	if r.capabilities == nil && r.asked != nil {
		select {
		case r.capabilities = <-r.asked:
			r.asked = nil
		case <-ctx.Done():
			return fmt.Errorf("ask the API server what it offers: %w", context.Cause(ctx))
		}
	}
	if r.capabilities == nil {
		if r.capabilities, err = capabilitiesOf(g); err != nil {
			return explain(err)
		}
	}
	return nil
}

// Refresh forgets what the API server offered before this run waited for another,
// which may have brought kinds that the chart asks for.
func (r *Releases) Refresh() {
	if r.asked != nil {
		<-r.asked // else its answer comes to be remembered after all
	}
	r.asked, r.capabilities = nil, nil
	r.opts.Rediscover()
}

// sameNamespace refuses an operation that would record in one namespace what it
// makes in another: nothing would find the two together again.
func (r *Releases) sameNamespace(g genericclioptions.RESTClientGetter) error {
	objects, _, err := g.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return fmt.Errorf("find the namespace that release %s is made in: %w", r.opts.Release, err)
	}
	if records := r.store.Namespace(); objects != r.opts.Namespace || records != r.opts.Namespace {
		return &problem.Problem{Reason: problem.Internal,
			Tried: fmt.Sprintf("work on release %s in namespace %s", r.opts.Release, r.opts.Namespace),
			Cause: fmt.Errorf("its records would go to namespace %s and its objects to %s", records, objects),
			Next:  "Report this, please: it is a fault of Berth. Nothing was sent."}
	}
	return nil
}
