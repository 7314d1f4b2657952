package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Perform installs or upgrades the release by the fetched chart. failed are the
// manifests of the revisions that failed since one was deployed, oldest first:
// fields that they alone have set are removed.
//
// Nothing is stored where an object of the chart, or of one of its hooks, is another
// release's. Where that release has no record any more, Perform takes its objects over and
// runs the operation once again.
func (o *Operations) Perform(ctx context.Context, mode facts.DeployMode, failed []string) result.Outcome {
	t := newTimeline()
	return performTakingOver(ctx, t, func() (result.Outcome, *deployClient, error) { return o.deploy(ctx, mode, failed, t) })
}

// performTakingOver calls deploy, and once again where takeOver removed the reason
// why it was refused. The outcome names what was taken over, however it ended.
func performTakingOver(ctx context.Context, t *timeline, deploy func() (result.Outcome, *deployClient, error)) result.Outcome {
	out, first, err := deploy()
	if err != nil {
		return result.Outcome{Err: err}
	}
	if out.Revision > 0 || out.Cut || !isOwnershipConflict(out.Err) {
		return out
	}
	taken, err := takeOver(ctx, first.client, first.core, first.objects)
	if err != nil {
		return result.Outcome{Err: withReason(err), Taken: taken, Phases: t.list()}
	}
	out, _, err = deploy()
	if err != nil {
		return result.Outcome{Err: err, Taken: taken}
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
	client := &deployClient{client: op.client, core: op.backend.Core, hooks: o.chart.hooksIn(mode)}
	client.hookObjects.leaveOut(client.release, o.chart.hooks, eventsOf(mode)...)
	out, err := o.runMode(mode, op, client, ch, values, failed)
	if err != nil {
		return result.Outcome{}, nil, err
	}
	o.records.written = out.Revision
	if !out.Cut {
		o.chart.capabilities = op.config.Capabilities // of a server that may have got CRDs
	}
	return out, client, nil
}

// runMode runs the operation that a mode stands for. It returns an error for a mode
// that it does not know.
func (o *Operations) runMode(mode facts.DeployMode, op *operation, c *deployClient, ch *helmchart.Chart, values map[string]any,
	failed []string) (result.Outcome, error) {
	switch mode {
	case facts.ModeInstall, facts.ModeReplace:
		replace := mode == facts.ModeReplace
		return o.install(op, &installClient{deployClient: c}, ch, values, replace, failed), nil
	case facts.ModeUpgrade:
		return o.upgrade(op, &upgradeClient{deployClient: c}, ch, values, failed), nil
	}
	return result.Outcome{}, fmt.Errorf("deploy release %s: there is no mode %q", o.opts.Release, mode)
}

// install runs Helm's install. With replace, it may go over stored revisions of
// which none was ever deployed.
func (o *Operations) install(op *operation, c *installClient, ch *helmchart.Chart, values map[string]any, replace bool,
	failed []string) result.Outcome {
	i := action.NewInstall(op.config)
	i.ReleaseName = o.opts.Release
	i.Namespace = o.opts.Namespace
	i.Replace = replace
	i.SkipCRDs = true             // installCRDs creates them
	i.SkipSchemaValidation = true // Render has held the values against it
	i.Wait = true
	i.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	i.DisableOpenAPIValidation = true
	if o.expected.Unswept {
		i.Description = "Install complete" + facts.Unswept
	}
	c.first, c.replaces = !replace, replace
	if replace {
		op.config.Releases.Driver = &replacedRecords{Driver: op.config.Releases.Driver, uninstalled: map[int]bool{}}
	}
	c.leavings.accepted = facts.Baseline{} // of objects that exist, nobody knows what they were made from
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
	c.endLook()
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
	u.SkipSchemaValidation = true // as in install
	u.DisableOpenAPIValidation = true
	if o.expected.Unswept {
		u.Description = "Upgrade complete" + facts.Unswept
	}
	out := op.run(c, func() (*release.Release, error) {
		c.failed = buildFailedRevisions(c.client, failed)
		// Before, the upgrade went well without a CRD that may not be made: it still
		// does where the chart uses none of its kinds.
		missing := o.installCRDs(op, values)
		if missing != nil && !denied(missing) {
			return nil, missing
		}
		c.timeline.enter(phaseRender)
		rel, err := u.Run(o.opts.Release, ch, values)
		var conflict *ownershipConflict
		if errors.As(err, &conflict) {
			return nil, err // of a revision that is not stored, whatever Helm returns
		}
		if missing != nil && err != nil && strings.Contains(err.Error(), "no matches for kind") {
			return nil, missing
		}
		return rel, err
	})
	if !out.Cut {
		c.endLook()
	}
	return out
}

// denied reports whether an error names a permission that is missing.
func denied(err error) bool {
	var p *problem.Problem
	return errors.As(err, &p) && p.Reason == problem.PermissionMissing
}
