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
)

// removeRelease uninstalls, proves that what any record named is gone, and only
// then removes the records (R7).
func (r *run) removeRelease(ctx context.Context, seen *facts.Facts) error {
	if last := seen.Last(); last != nil && last.Payload != facts.StatusUninstalled {
		if err := r.uninstall(ctx, seen); err != nil {
			return err
		}
	}
	if err := r.proveGone(ctx, seen); err != nil {
		return err
	}
	defer r.step("Remove the records")()
	if err := r.Releases.Purge(ctx); err != nil {
		return err
	}
	r.result.Status = facts.StatusUninstalled
	return nil
}

// setAsideUnreadable moves the records that cannot be decoded out of the way, and
// out of the facts. What they named is not known: where the namespace goes too,
// that goes with it; elsewhere the run ends by saying so.
func (r *run) setAsideUnreadable(ctx context.Context, f *facts.Facts) error {
	readable := f.Records[:0]
	for i := range f.Records {
		rec := f.Records[i]
		if !rec.Loaded {
			if err := r.Releases.Load(ctx, &rec); err != nil {
				return err
			}
		}
		if rec.DecodeError == "" {
			readable = append(readable, rec)
			continue
		}
		if err := r.setAside(ctx, &rec); err != nil {
			return err
		}
		r.unreadable = append(r.unreadable, rec.Key)
	}
	f.Records = readable
	return nil
}

func (r *run) uninstall(ctx context.Context, f *facts.Facts) error {
	done := r.stepOf("Uninstall the release, hooks included")
	r.wrote = true
	out := r.Releases.Uninstall(ctx)
	done(out.Phases)
	r.result.Kept = append(r.result.Kept, out.Kept...)
	if len(out.Missing) > 0 {
		r.note(result.LevelWarning, "Kinds that are gone", "The API server does not know these kinds any more, so nothing of them can be left: %s.", strings.Join(out.Missing, ", "))
	}
	r.attempt = facts.Attempt{Run: r.Options.Run, Revision: out.Revision, Outcome: "uninstalled"}
	if out.Err == nil {
		return nil
	}
	r.attempt.Outcome = "failed"
	r.result.Status = facts.StatusUninstalling
	var p *problem.Problem
	if errors.As(out.Err, &p) {
		return out.Err
	}
	return &problem.Problem{Reason: problem.Inconsistent, Tried: "uninstall release " + r.Options.App.Release,
		Cause: errors.Join(out.Err, r.stillThere(ctx, f)),
		Next:  "Mend what is named and run it again. The record is kept, so the next teardown goes on from here."}
}

// stillThere names the objects that an uninstall which failed has left, and what
// holds them. It has a little time of its own: the run's may be over.
func (r *run) stillThere(ctx context.Context, f *facts.Facts) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	objects, err := r.objectsOf(ctx, f.Last())
	if err != nil {
		return nil // the failure itself is told
	}
	var left []string
	for _, o := range objects {
		if o.Exists && o.Owned && !o.Kept {
			r.result.Objects = append(r.result.Objects, o)
			left = append(left, strings.TrimSuffix(fmt.Sprintf("%s is still there: %s", o.Ref, o.Reason), ": "))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return errors.New(strings.Join(left[:min(len(left), 5)], "; "))
}

// proveGone looks whether the objects that any of the records named really went.
// An upgrade that failed half way leaves objects that only an older revision
// knows; once the records are gone, nothing would.
func (r *run) proveGone(ctx context.Context, f *facts.Facts) error {
	defer r.step("Prove that its objects are gone")()
	seen, left := map[facts.Ref]bool{}, []string(nil)
	r.result.Objects, r.result.Status = nil, facts.StatusUninstalled
	for i := range slices.Backward(f.Records) {
		objects, err := r.objectsOf(ctx, &f.Records[i])
		if err != nil {
			return err
		}
		for _, o := range objects {
			// What an older revision left in a namespace of ours goes with it.
			goes := r.result.Verb == verb.Teardown && r.namespace.Ours && o.Namespace == r.namespace.Name && i < len(f.Records)-1
			if o.Exists && o.Owned && !o.Kept && !seen[o.Ref] && !goes {
				r.result.Objects = append(r.result.Objects, o)
				left = append(left, fmt.Sprintf("%s, of revision %d, is still there", o.Ref, f.Records[i].Revision))
			}
			seen[o.Ref] = true
		}
	}
	n := len(r.result.Objects)
	if n == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.Inconsistent, Cause: errors.New(strings.Join(left[:min(n, 5)], "; ")),
		Headline: fmt.Sprintf("Release `%s` is not gone: %d of its objects are still there.", r.Options.App.Release, n),
		Next:     "See their finalizers, or delete what an older revision left. The records are kept, so the next teardown goes on from here."}
}

// objectsOf are the objects that a record names, as the cluster shows them.
func (r *run) objectsOf(ctx context.Context, rec *facts.Record) ([]facts.Object, error) {
	if !rec.Loaded {
		if err := r.Releases.Load(ctx, rec); err != nil {
			return nil, err
		}
	}
	return r.Cluster.Observe(ctx, rec.Manifest)
}
