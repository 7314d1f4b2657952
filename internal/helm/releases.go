package helm

import (
	"context"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/verdict"
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
	HookOutput func(pod, container string) io.Writer
}

// Releases performs the operations of one release.
type Releases struct {
	opts         Options
	store        *record.Store
	open         func(ctx context.Context) (Seams, error)
	archive      *chart.Archive
	values       map[string]any
	capabilities *chartutil.Capabilities
	deadline     time.Time                 // by when the run is over, for the stamp
	loaded       map[string]*record.Loaded // by key, as last read
}

// New makes the operations of one release. open gives the seams of one
// operation, whose fence closes when ctx ends.
func New(opts Options, store *record.Store, open func(ctx context.Context) (Seams, error)) *Releases {
	return &Releases{opts: opts, store: store, open: open, loaded: map[string]*record.Loaded{}}
}

// Begin says by when, in the API server's time, the run is over at the latest.
func (r *Releases) Begin(deadline time.Time) { r.deadline = deadline }

// Fetch brings the chart and its values into memory. It asks the cluster
// nothing, so it runs beside the preflight.
func (r *Releases) Fetch(ctx context.Context) error {
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
	if r.capabilities == nil {
		if r.capabilities, err = capabilitiesOf(seams.Getter); err != nil {
			return explain(err)
		}
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

// Perform runs one of the plan's Helm steps.
func (r *Releases) Perform(ctx context.Context, step verdict.Step) verdict.Outcome {
	seams, err := r.open(ctx)
	if err != nil {
		return verdict.Outcome{Err: err}
	}
	ch, err := r.archive.Load() // anew: dependency processing changes a chart
	if err != nil {
		return verdict.Outcome{Err: err}
	}
	values := chartutil.Values(r.values).AsMap()
	cfg, _, err := r.configuration(seams)
	if err != nil {
		return verdict.Outcome{Err: err}
	}
	rel, cut, err := supervise(seams.Fence, func() (*release.Release, error) {
		if step == verdict.StepUpgrade {
			return r.upgrade(ctx, cfg).Run(r.opts.Release, ch, values)
		}
		return r.install(ctx, cfg, step == verdict.StepReplace).Run(ch, values)
	})
	return outcome(rel, cut, err)
}

func (r *Releases) install(ctx context.Context, cfg *action.Configuration, replace bool) *action.Install {
	i := action.NewInstall(cfg)
	i.ReleaseName = r.opts.Release
	i.Namespace = r.opts.Namespace
	i.Replace = replace
	i.Wait = true
	i.Timeout = stepTime(ctx, r.opts.Timeout)
	i.DisableOpenAPIValidation = true
	return i
}

// upgrade never sets Atomic or CleanupOnFail: they destroy the evidence, and
// pile up records where writing them is what failed.
func (r *Releases) upgrade(ctx context.Context, cfg *action.Configuration) *action.Upgrade {
	u := action.NewUpgrade(cfg)
	u.Namespace = r.opts.Namespace
	u.Wait = true
	u.Timeout = stepTime(ctx, r.opts.Timeout)
	u.MaxHistory = r.opts.MaxHistory
	u.ResetValues = true
	u.DisableOpenAPIValidation = true
	return u
}

func outcome(rel *release.Release, cut bool, err error) verdict.Outcome {
	o := verdict.Outcome{Cut: cut, Err: explain(err)}
	if rel == nil {
		return o
	}
	o.Revision, o.Manifest = rel.Version, rel.Manifest
	if rel.Chart != nil && rel.Chart.Metadata != nil {
		o.Chart = rel.Chart.Metadata.Name + "-" + rel.Chart.Metadata.Version
	}
	if rel.Info != nil {
		o.Notes = rel.Info.Notes
		o.Applied = rel.Info.Status == release.StatusDeployed
	}
	return o
}
