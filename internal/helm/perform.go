package helm

import (
	"context"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// Perform runs one of the plan's Helm steps. Where Helm refuses, before it has
// stored anything, to touch objects of another release that is no more, these
// are taken over and the step is run once again. What the manifests of dead
// revisions set, oldest first, is removed where the chart does not set it.
func (r *Releases) Perform(ctx context.Context, mode facts.DeployMode, dead []string) result.Outcome {
	phases := newPhases()
	o, c, core := r.perform(ctx, mode, dead, phases)
	if o.Revision > 0 || o.Cut || !foreign(o.Err) {
		return o
	}
	taken, err := c.takeOver(ctx, core, c.built)
	if err != nil {
		return result.Outcome{Err: explain(err), Phases: phases.list()}
	}
	o, _, _ = r.perform(ctx, mode, dead, phases)
	o.Taken = taken
	o.Adopted = slices.DeleteFunc(o.Adopted, func(name string) bool { return slices.Contains(taken, name) })
	return o
}

func (r *Releases) perform(ctx context.Context, mode facts.DeployMode, dead []string, phases *phases) (result.Outcome, *client, corev1client.CoreV1Interface) {
	seams, err := r.open(ctx)
	if err != nil {
		return result.Outcome{Err: err}, nil, nil
	}
	ch, err := r.archive.Load() // anew: dependency processing changes a chart
	if err != nil {
		return result.Outcome{Err: err}, nil, nil
	}
	values := chartutil.Values(r.values).AsMap()
	cfg, c, err := r.configuration(ctx, seams)
	if err != nil {
		return result.Outcome{Err: err}, nil, nil
	}
	c.installs, c.phases = mode != facts.ModeUpgrade, phases
	rel, cut, err := supervise(seams.Fence, func() (*release.Release, error) {
		c.buildDead(dead)
		if mode == facts.ModeUpgrade {
			c.render()
			return r.upgrade(ctx, cfg).Run(r.opts.Release, ch, values)
		}
		if err := r.installCRDs(ctx, cfg, c, values); err != nil {
			return nil, err
		}
		c.looks = true
		c.render()
		return r.install(ctx, cfg, mode == facts.ModeReplace).Run(ch, values)
	})
	if !cut {
		c.leave()
		c.looked()
	}
	o := c.outcome(rel, cut, err)
	r.written = o.Revision
	if !cut {
		r.capabilities = cfg.Capabilities // of a server that may have got CRDs
		if mode == facts.ModeInstall {
			o.Adopted = names(c.found)
		}
	}
	return o, c, seams.Core
}

func (r *Releases) install(ctx context.Context, cfg *action.Configuration, replace bool) *action.Install {
	i := action.NewInstall(cfg)
	i.ReleaseName = r.opts.Release
	i.Namespace = r.opts.Namespace
	i.Replace = replace
	i.SkipCRDs = true // they are made by installCRDs
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

// outcome is what an operation on this client came to. One that was cut may
// still be writing to the client, so nothing is read from it then.
func (c *client) outcome(rel *release.Release, cut bool, err error) result.Outcome {
	if cut {
		o := outcome(rel, cut, err)
		o.Phases = c.phases.list()
		return o
	}
	if err != nil && c.reason != nil {
		err = because{err, c.reason}
	}
	o := outcome(rel, cut, err)
	o.Unproven, o.Diagnostics, o.Phases = c.unproven, c.diagnosis, c.phases.list()
	return o
}

func outcome(rel *release.Release, cut bool, err error) result.Outcome {
	o := result.Outcome{Cut: cut, Err: explain(err)}
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
