package helm

import (
	"context"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// Perform installs or upgrades the release by the fetched chart. failed are the
// manifests of the revisions that failed since one was deployed, oldest first:
// fields that they alone have set are removed.
//
// Helm refuses, before it stores anything, to touch objects of another release.
// Where that release has no record any more, Perform takes its objects over and
// runs the operation once again.
func (o *Operations) Perform(ctx context.Context, mode facts.DeployMode, failed []string) result.Outcome {
	t := newTimeline()
	out, first, err := o.deploy(ctx, mode, failed, t)
	if err != nil {
		return result.Outcome{Err: err}
	}
	if out.Revision > 0 || out.Cut || !isOwnershipConflict(out.Err) {
		return out
	}
	taken, err := takeOver(ctx, first.client, first.core, first.objects)
	if err != nil {
		return result.Outcome{Err: withReason(err), Phases: t.list()}
	}
	out, _, err = o.deploy(ctx, mode, failed, t)
	if err != nil {
		return result.Outcome{Err: err}
	}
	out.Taken = taken
	out.Adopted = slices.DeleteFunc(out.Adopted, func(name string) bool { return slices.Contains(taken, name) })
	return out
}

// deploy runs an install or an upgrade once. The client it returns may be read
// unless the operation was cut; err says why nothing was run.
func (o *Operations) deploy(ctx context.Context, mode facts.DeployMode, failed []string, t *timeline) (result.Outcome, *deployClient,
	error) {
	op, err := o.prepare(ctx, t)
	if err != nil {
		return result.Outcome{}, nil, err
	}
	ch, values, err := o.chart.load()
	if err != nil {
		return result.Outcome{}, nil, err
	}
	client := &deployClient{client: op.client, core: op.backend.Core}
	var out result.Outcome
	switch mode {
	case facts.ModeInstall, facts.ModeReplace:
		out = o.install(op, &installClient{deployClient: client}, ch, values, mode == facts.ModeReplace, failed)
	case facts.ModeUpgrade:
		out = o.upgrade(op, &upgradeClient{client}, ch, values, failed)
	}
	o.records.written = out.Revision
	if !out.Cut {
		o.chart.capabilities = op.config.Capabilities // of a server that may have got CRDs
	}
	return out, client, nil
}

// install runs Helm's install. With replace, it may go over stored revisions of
// which none was ever deployed.
func (o *Operations) install(op *operation, c *installClient, ch *helmchart.Chart, values map[string]any, replace bool,
	failed []string) result.Outcome {
	i := action.NewInstall(op.config)
	i.ReleaseName = o.opts.Release
	i.Namespace = o.opts.Namespace
	i.Replace = replace
	i.SkipCRDs = true // installCRDs creates them
	i.Wait = true
	i.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	i.DisableOpenAPIValidation = true
	out := op.run(c, func() (*release.Release, error) {
		c.failed = buildFailedRevisions(c.client, failed)
		if err := o.installCRDs(op, values); err != nil {
			return nil, err
		}
		c.timeline.enter(phaseRender)
		return i.Run(ch, values)
	})
	if out.Cut {
		return out
	}
	c.endPrefetch()
	if !replace {
		out.Adopted = names(c.adopted)
	}
	return out
}

// upgrade runs Helm's upgrade. It never sets Atomic or CleanupOnFail: they
// destroy the evidence, and pile up records where writing them is what failed.
func (o *Operations) upgrade(op *operation, c *upgradeClient, ch *helmchart.Chart, values map[string]any, failed []string) result.Outcome {
	u := action.NewUpgrade(op.config)
	u.Namespace = o.opts.Namespace
	u.Wait = true
	u.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	u.MaxHistory = o.opts.MaxHistory
	u.ResetValues = true
	u.DisableOpenAPIValidation = true
	return op.run(c, func() (*release.Release, error) {
		c.failed = buildFailedRevisions(c.client, failed)
		c.timeline.enter(phaseRender)
		return u.Run(o.opts.Release, ch, values)
	})
}
