package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// promotionBlockers returns why the last record must not be marked deployed in
// place. It is empty only if the deploy succeeded and its recording failed: every
// object of the manifest exists, belongs to the release, equals the manifest and is
// ready, what the revision before had and this one dropped is gone or kept, and
// every hook is proven to have run to its end.
func promotionBlockers(f *facts.Facts, p Policy) []string {
	last := f.Last()
	switch {
	case last == nil:
		return []string{"there is no record"}
	case !last.PayloadStatus.Pending():
		return []string{fmt.Sprintf("revision %d is %s, not pending", last.Revision, last.PayloadStatus)}
	case last.DecodeError != "" || !last.Loaded:
		return []string{fmt.Sprintf("revision %d cannot be read", last.Revision)}
	case !f.Observed:
		return []string{"its objects were not read"}
	}
	why := unprovenHooks(f, last)
	for _, o := range f.Objects {
		o.Differences = ofOperation(o.Differences, last.Created, len(f.Records) > 1)
		if w := unhealthy(o, last.Baseline, p); w != "" {
			why = append(why, fmt.Sprintf("%s %s", o.Ref, w))
		}
	}
	if f.DroppedUnread != "" {
		why = append(why, f.DroppedUnread)
	}
	for _, o := range f.Dropped {
		if o.Exists && o.Owned && !o.Kept {
			why = append(why, fmt.Sprintf("%s is left from the revision before", o.Ref))
		}
	}
	return why
}

// ofOperation returns differences of which only those pass for what admission made of
// the release's write that were written since the operation began. What is older may
// as well be what the operation never came to write. Times are whole seconds, so that
// one of the same second may be of an earlier revision, where there is one.
func ofOperation(differences []facts.Difference, began time.Time, earlier bool) []facts.Difference {
	out := slices.Clone(differences)
	for i := range out {
		written := out[i].Written
		out[i].Own = out[i].Own && (written.After(began) || written.Equal(began) && !earlier)
	}
	return out
}

// unhealthy returns why an object blocks the promotion, or "".
func unhealthy(o facts.Object, baseline facts.Baseline, p Policy) string {
	differing, _ := Differing(o, baseline, p.IgnoreDrift)
	switch {
	case o.Error != "":
		return "could not be read: " + o.Error
	case !o.Exists:
		return "does not exist"
	case o.Deleting:
		return "is being deleted"
	case !o.Owned:
		return "is not owned by this release"
	case len(differing) > 0:
		return "differs from the manifest: " + facts.Paths(differing)
	case !o.Ready && !o.Ignored:
		return "is not ready: " + o.Reason
	}
	return ""
}

// unprovenHooks returns the hooks of the record's operation that are running, or
// are not proven to have run to their end. A hook Job that is absent proves
// nothing: Helm counts one that is deleted while it watches as a success.
func unprovenHooks(f *facts.Facts, last *facts.Record) []string {
	a := f.Lock.Attempt
	byRun := a.HooksProven && a.Run != "" && a.Run == last.Stamp.Run && a.Revision == last.Revision
	var why []string
	for _, h := range last.Hooks {
		job, seen := hookObject(f, h)
		if seen && hookRuns(job) {
			why = append(why, fmt.Sprintf("hook %s is still running", h.Name))
			continue
		}
		if byRun || !runsDuring(h, last.PayloadStatus) {
			continue
		}
		ran := h.Succeeded && last.PayloadStatus != facts.StatusPendingRollback // a rollback copies what its target's hooks did
		ran = ran || seen && job.Exists && job.Complete && !job.Created.Before(last.Created) && job.IsHook && ownerOfHook(f, job) != hookTheirs
		if ran && !runsTwice(h, last.PayloadStatus) {
			continue
		}
		why = append(why, fmt.Sprintf("hook %s is not proven to have run to its end", h.Name))
	}
	return why
}

// hookObject returns the Job or Pod of a hook, if it was read.
func hookObject(f *facts.Facts, h facts.Hook) (facts.Object, bool) {
	i := slices.IndexFunc(f.HookJobs, func(o facts.Object) bool { return h.Makes(o.Ref, f.Namespace.Name) })
	if i < 0 {
		return facts.Object{}, false
	}
	return f.HookJobs[i], true
}

// runsTwice returns whether a hook runs both before and after the operation: that
// it ran once does not prove that it also ran the second time.
func runsTwice(h facts.Hook, s facts.Status) bool {
	n := 0
	for _, e := range h.Events {
		if runsDuring(facts.Hook{Events: []string{e}}, s) {
			n++
		}
	}
	return n > 1
}

// runsDuring returns whether a hook runs during the operation that a pending status
// stands for.
func runsDuring(h facts.Hook, s facts.Status) bool {
	var events []string
	switch s {
	case facts.StatusPendingInstall:
		events = []string{"pre-install", "post-install"}
	case facts.StatusPendingUpgrade:
		events = []string{"pre-upgrade", "post-upgrade"}
	case facts.StatusPendingRollback:
		events = []string{"pre-rollback", "post-rollback"}
	case facts.StatusUnknown, facts.StatusDeployed, facts.StatusSuperseded, facts.StatusFailed, facts.StatusUninstalled,
		facts.StatusUninstalling:
		return false
	}
	return slices.ContainsFunc(events, func(e string) bool { return slices.Contains(h.Events, e) })
}

// installHooksUnproven returns whether the release was never deployed, or not since it was
// uninstalled, and has install hooks that are not proven to have run. An upgrade over it would
// never run them.
func installHooksUnproven(f *facts.Facts) bool {
	last := f.Last()
	for _, r := range sinceUninstall(f) {
		if s := r.LabelStatus; s == facts.StatusDeployed || s == facts.StatusSuperseded {
			return false
		}
	}
	return slices.ContainsFunc(last.Hooks, func(h facts.Hook) bool {
		return runsDuring(h, facts.StatusPendingInstall) && !h.Succeeded
	})
}
