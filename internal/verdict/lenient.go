package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// MarkExpired marks the Jobs of the last record that were deleted since they had
// ended, or may have been: their manifest sets ttlSecondsAfterFinished, and that time
// has passed since the operation began which made them.
func MarkExpired(f *facts.Facts) {
	last := f.Last()
	if last == nil {
		return
	}
	for i := range f.Objects {
		o := &f.Objects[i]
		gone := !o.Exists && o.Error == "" || o.Deleting && o.Complete
		o.Expired = gone && o.TTL != nil && !f.Now.Before(last.Created.Add(*o.TTL))
	}
}

// healthyEnough returns whether an object is ready, or need not be.
func healthyEnough(o facts.Object) bool { return o.Ready || o.Ignored || o.Expired }

// ignored returns what wait-ignore leaves out, for a check's detail.
func ignored(f *facts.Facts) string {
	const shown = 5
	var names []string
	for _, o := range slices.Concat(f.Objects, hookWorkloads(f)) {
		if o.Ignored {
			names = append(names, o.In(f.Namespace.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	more := ""
	if len(names) > shown {
		more = fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return "; left out by wait-ignore: " + strings.Join(names[:min(len(names), shown)], ", ") + more
}

// AwaitsControllers returns whether nothing is wrong but that custom resources, or
// workloads that hooks made, are not ready yet: their controllers may still be at work.
// No rollout has waited for these.
func AwaitsControllers(f *facts.Facts, checks []result.Check) bool {
	waits := false
	for _, c := range checks {
		switch {
		case c.OK, c.Name == checkNameReady:
		case c.Name == checkNameHooks && awaitsHooks(f):
			waits = true
		default:
			return false
		}
	}
	for _, o := range f.Objects {
		if healthyEnough(o) {
			continue
		}
		if !o.Custom || o.Failed {
			return false
		}
		waits = true
	}
	return waits
}

// failedForGood returns the problem of a release that is deployed and has a Job or Pod
// which ran and failed; nil where none did. Nothing mends that by itself.
func failedForGood(f *facts.Facts, reported Reported, checks []result.Check) *problem.Problem {
	i := slices.IndexFunc(f.Objects, func(o facts.Object) bool {
		return o.Failed && !o.Ignored && (o.Kind == "Job" || o.Kind == "Pod")
	})
	if i < 0 {
		return nil
	}
	failed := f.Objects[i]
	cause := errors.New(failed.In(f.Namespace.Name) + ": " + failed.Reason)
	nextStep := "Fix what it failed for, delete it, and deploy again, which makes it anew:\n$ kubectl delete " +
		strings.ToLower(failed.Kind) + "/" + failed.Name + " -n " + failed.Namespace
	if reported.Manifest == "" { // nothing was deployed just now
		return notAsReported(f, checks, cause, nextStep)
	}
	return &problem.Problem{Reason: problem.DeployFailed, Cause: cause, Next: nextStep,
		Headline: fmt.Sprintf("Revision %d of `%s` is deployed, and failed after that: a %s of it did.", f.Last().Revision, f.Release,
			failed.Kind)}
}
