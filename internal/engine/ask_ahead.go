package engine

import (
	"context"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

// With preflight: full, a run asks for what the chart's own objects take before it writes anything, be
// it the lock, and ends with every gap at once.

// askAhead asks where the namespace is there.
func (d *deploy) askAhead(ctx context.Context) error {
	if !d.permissions.full {
		return nil
	}
	before, last, err := d.storedRevision(ctx, func(r *facts.Record) bool { return r.LabelStatus == facts.StatusDeployed })
	if err != nil {
		return err
	}
	next := rendering{revision: 1}
	if before != nil {
		next = rendering{revision: last + 1, upgrade: true}
	}
	if err := d.chart.render(ctx, next); err != nil {
		return err
	}
	needs, err := d.backend.Needs.OfDeploy(ctx, before)
	if err != nil {
		return err
	}
	return d.askOf(ctx, needs, "")
}

// askBeforeNamespace asks for what is needed outside of a namespace that is yet to be made. What is
// needed in it may be granted with it; where something else is missing, the run ends, and names that,
// too.
func (d *deploy) askBeforeNamespace(ctx context.Context) error {
	if !d.permissions.full {
		return nil
	}
	needs, err := d.backend.Needs.OfDeploy(ctx, nil)
	if err != nil {
		return err
	}
	outside, within := divide(needs, d.ns.name)
	if err = d.askOf(ctx, outside, ""); err == nil {
		return nil
	}
	known := problem.Of(err)
	if known.Reason != problem.PermissionMissing {
		return err
	}
	storage := append(d.backend.Access.StorageNeeds(d.permissions.verb), d.companions.needs(facts.NamespaceActive)...)
	missing, _, asked := d.backend.Access.ReviewNeeds(ctx, needsOf(storage).With(within).At(false), 0, func([]problem.MissingPermission) {})
	if asked != nil {
		return err // which is known
	}
	d.permissions.offer(within)
	for _, m := range required(missing) {
		if !slices.ContainsFunc(known.Missing, func(k problem.MissingPermission) bool { return k.SameAs(m.Permission) }) {
			known.Missing = append(known.Missing, m)
		}
	}
	return d.permissions.refusal(known.Missing, "")
}

// askWithin asks for what is needed in a namespace that was just made.
func (d *deploy) askWithin(ctx context.Context, made string) error {
	if !d.permissions.full {
		return nil
	}
	needs, err := d.backend.Needs.OfDeploy(ctx, nil)
	if err != nil {
		return err
	}
	_, within := divide(needs, d.ns.name)
	within.Notes = nil // they were told
	return d.askOf(ctx, within, made)
}

// askOf asks, and has the chart rendered anew where that took a while: its templates may have been
// denied what they look up.
func (d *deploy) askOf(ctx context.Context, needs problem.Needs, made string) error {
	before := d.permissions.announced
	err := d.permissions.askNeeds(ctx, needs, false, made)
	if d.permissions.announced && !before {
		d.chart.refresh()
	}
	return err
}

// divide returns the needs outside of a namespace, and those in it.
func divide(needs problem.Needs, namespace string) (outside, within problem.Needs) {
	outside.Notes = needs.Notes
	for _, n := range needs.All {
		if n.Namespace == namespace {
			within.All = append(within.All, n)
		} else {
			outside.All = append(outside.All, n)
		}
	}
	return outside, within
}

// storedRevision returns the last record for which wanted is true, as it is read, and the last
// revision of all; nil for none, and where records may not be read, which the run is about to end by.
func (s *session) storedRevision(ctx context.Context, wanted func(*facts.Record) bool) (found *facts.Record, last int, err error) {
	records, err := s.backend.Records.Records(ctx)
	for i := range slices.Backward(records) {
		last = max(last, records[i].Revision)
		if found == nil && wanted(&records[i]) {
			found = &records[i]
		}
	}
	if err == nil && found != nil {
		err = s.gather.load(ctx, found)
	}
	if isDenied(err) && len(s.permissions.pending) > 0 {
		return nil, 0, nil
	}
	return found, last, err
}

// askAhead asks for what removing the last revision takes.
func (t *teardown) askAhead(ctx context.Context) error {
	if !t.permissions.full {
		return nil
	}
	stored, _, err := t.storedRevision(ctx, func(*facts.Record) bool { return true })
	var needs problem.Needs
	if err == nil && stored != nil {
		needs, err = t.backend.Needs.OfTeardown(ctx, stored)
	}
	if err != nil {
		return err
	}
	return t.permissions.askNeeds(ctx, needs, false, "")
}

// askForPlan asks for what the objects take that a repair is about to write or delete. Most repairs
// write records alone.
func (r *repairRelease) askForPlan(ctx context.Context, f *facts.Facts, plan verdict.Plan) error {
	last := f.Last()
	if !r.options.Full || last == nil {
		return nil
	}
	for _, s := range plan.Steps {
		var needs problem.Needs
		var err error
		switch s.Kind {
		case verdict.StepRollback:
			at := slices.IndexFunc(f.Records, func(rec facts.Record) bool { return rec.Revision == s.Target })
			if at < 0 {
				continue // the step says so
			}
			if err = r.gather.load(ctx, &f.Records[at]); err == nil {
				needs, err = r.backend.Needs.OfRollback(ctx, last, &f.Records[at])
			}
		case verdict.StepUninstall, verdict.StepTakeDown:
			needs, err = r.backend.Needs.OfTeardown(ctx, last)
		case verdict.StepRelabel, verdict.StepQuarantine, verdict.StepQuarantineUnreadable, verdict.StepDiscard, verdict.StepPromote,
			verdict.StepUnlock, verdict.StepDedupe, verdict.StepDiscardQuarantined:
			continue // they write records alone
		case verdict.StepInstall, verdict.StepReplace, verdict.StepUpgrade, verdict.StepSweep:
			continue // a deploy's, which asks by its chart
		}
		if err != nil {
			return err
		}
		if err := r.permissions.askNeeds(ctx, needs, false, ""); err != nil {
			return err
		}
	}
	return nil
}
