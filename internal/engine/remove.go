package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// maxNamed bounds how many objects an error names.
const maxNamed = 5

// releaseRemover removes the release: its objects, then its records.
type releaseRemover struct {
	operations Operations
	records    Records
	gather     *gatherer
	remains    *remainsRemover
	lock       *lock
	journal    *journal
	report     *reporter
	release    string
	run        string

	departure *departure
	policy    verdict.Policy
	skipHooks bool // that fail
}

// uninstallStuck removes a release that cannot be repaired otherwise. What was
// observed of it goes into the result first.
func (r *releaseRemover) uninstallStuck(ctx context.Context, f *facts.Facts) error {
	was := *f.Last()
	if f.Observed {
		r.report.observed(f, verdict.Reported{})
	}
	out, err := r.remove(ctx, f, verdict.Step{Kind: verdict.StepUninstall})
	if err != nil {
		return err
	}
	r.report.kept(out.kept)
	if r.report.result.Verb != verb.Deploy { // which installs it again, over what is left
		r.remains.tell(f, out.left)
	} else { // but for what the last revision does not have: no record tells of it any more
		r.remains.tell(f, out.older)
	}
	f.Records = nil
	r.report.repaired("uninstall",
		"Revision %d was left %s by an operation that is dead; the release was uninstalled and its records removed.", was.Revision,
		was.PayloadStatus)
	return nil
}

// takeDown removes the release as asked, and names what its hooks and StatefulSets left.
func (r *releaseRemover) takeDown(ctx context.Context, f *facts.Facts, s verdict.Step) (outliving, error) {
	out, err := r.remove(ctx, f, s)
	if err == nil {
		r.remains.tell(f, out.left)
	}
	return out, err
}

// remove uninstalls, proves that the objects of every record are gone, looks after
// what they do not name, and only then deletes the records, so that a run which is cut
// short leaves something to go on from. Each record is read before: what another
// release's describes is neither deleted nor proven gone. The records stay, too, for what is kept by its
// policy in a namespace that is to go, by hooks and StatefulSets as well: nothing else would
// tell whoever deletes that.
func (r *releaseRemover) remove(ctx context.Context, f *facts.Facts, s verdict.Step) (outliving, error) {
	for i := range f.Records {
		if err := r.gather.load(ctx, &f.Records[i]); err != nil {
			return outliving{}, err
		}
	}
	if p := verdict.RefuseMisplaced(f); p != nil {
		return outliving{}, p
	}
	if last := f.Last(); last != nil && last.PayloadStatus != facts.StatusUninstalled {
		if err := r.uninstall(ctx, f, !s.WithNamespace); err != nil {
			return outliving{}, err
		}
	} else if err := r.finishUninstall(ctx, f, s.WithNamespace); err != nil {
		return outliving{}, err
	}
	remains, err := r.remains.look(ctx, f, s.WithNamespace)
	if err != nil {
		return outliving{}, err
	}
	survived, err := r.proveGone(ctx, f, s.WithNamespace, remains)
	if err != nil {
		return outliving{}, err
	}
	kept := survived.kept
	going, staying := verdict.OlderRemains(survived.outgrown, r.remains.policy, r.report.result.Verb == verb.Teardown)
	keptRemains := verdict.KeptRemains(remains)
	if stopped := s.StopsAt(f.Namespace.Name, slices.Concat(kept, keptRemains)); len(stopped) > 0 {
		return outliving{kept: kept, stopped: stopped}, nil
	}
	if s.WithNamespace {
		kept = append(kept, keptRemains...)
	}
	if len(going) > 0 {
		if err := r.delete(ctx, f, going, "Delete what older revisions left", false); err != nil {
			return outliving{}, err
		}
		// One of them may have been a StatefulSet, whose claims were held by it.
		if remains, err = r.remains.look(ctx, f, s.WithNamespace); err != nil {
			return outliving{}, err
		}
	}
	out, err := r.remains.clear(ctx, f, slices.Concat(remains, staying))
	if err != nil {
		return outliving{}, err
	}
	out.kept, out.older, out.volumes, out.along = kept, staying, survived.volumes, slices.Concat(out.along, survived.along)
	defer r.report.step("Remove the records")()
	if err := r.records.Purge(ctx, f.Records); err != nil {
		return out, err
	}
	r.report.removed()
	return out, nil
}

// discardQuarantined deletes the quarantined records of a release that is gone.
func (r *releaseRemover) discardQuarantined(ctx context.Context) error {
	return r.records.DiscardQuarantined(ctx)
}

// uninstall has Helm delete the release's objects. With pods it is done when these are
// gone, too.
func (r *releaseRemover) uninstall(ctx context.Context, f *facts.Facts, pods bool) error {
	done := r.report.stepWithParts("Uninstall the release, hooks included")
	r.journal.beginOperation()
	out, going := r.uninstallAndTell(ctx, f, pods)
	done(out.Phases)
	r.report.left(out.Kept)
	r.tellSkipped(out.FailedHooks)
	if len(out.Missing) > 0 {
		r.report.note(result.LevelWarning, "Kinds that are gone",
			"The API server does not know these kinds any more, so nothing of them can be left: %s.", strings.Join(out.Missing, ", "))
	}
	r.lock.attempt = facts.Attempt{Run: r.run, Revision: out.Revision, Outcome: "uninstalled"}
	if out.Err == nil {
		return nil
	}
	r.lock.attempt.Outcome = "failed"
	var p *problem.Problem
	if errors.As(out.Err, &p) {
		return out.Err
	}
	if out.Diagnostics != nil { // of a hook
		r.report.result.Diagnostics = out.Diagnostics
	}
	failed := verdict.NameFaults(&problem.Problem{Reason: problem.Inconsistent, Tried: "uninstall release " + r.release,
		Cause: errors.Join(out.Err, r.stillThere(ctx, f)),
		Next:  "Fix what is named and run it again. The record is kept, so the next teardown goes on from here."},
		result.FaultsOf(out.Diagnostics), r.report.result.Namespace,
		"Then run it again: the record is kept, so the next teardown goes on from here.")
	if slices.ContainsFunc(out.FailedHooks, func(h result.FailedHook) bool { return !h.Skipped }) {
		return verdict.OfferToSkipHooks(failed)
	}
	return r.departure.explain(ctx, failed, going)
}

// stillThere returns an error that names the objects which a failed uninstall left
// and what holds them, or nil. It has a time of its own, since the run's may be
// over.
func (r *releaseRemover) stillThere(ctx context.Context, f *facts.Facts) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	objects, err := r.gather.objectsOf(ctx, f.Last())
	if err != nil {
		return nil // the uninstall's own error is told
	}
	var left []string
	for _, o := range objects {
		if isLeft(o) {
			r.report.result.Objects = append(r.report.result.Objects, o)
			left = append(left, strings.TrimSuffix(fmt.Sprintf("%s is still there: %s", o.Ref, o.Reason), ": "))
		}
	}
	return named(left)
}

// isLeft returns whether an object should have gone with its release.
func isLeft(o facts.Object) bool { return o.Exists && o.Owned && !o.Kept }

// isKept returns whether an object outlives its release on purpose.
func isKept(o facts.Object) bool { return o.Exists && o.Owned && o.Kept && !o.Deleting }

// named is an error of the first of these lines, or nil where there are none.
func named(lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines[:min(len(lines), maxNamed)], "; "))
}
