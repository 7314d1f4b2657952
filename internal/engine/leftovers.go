package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// cleanHooks removes what earlier hooks left behind and the coming operation
// would trip over (R9).
func (r *run) cleanHooks(ctx context.Context, f *facts.Facts, next verdict.Step) error {
	defer r.step("Remove leftover hooks")()
	stale := verdict.LeftoverHooks(f, next)
	kept, err := r.Cluster.Remove(ctx, stale, true)
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		return &problem.Problem{Reason: problem.RepairFailed, Tried: "remove leftover hooks",
			Cause: fmt.Errorf("kept: %s", strings.Join(kept, "; ")), Next: "Remove them by hand, then deploy again."}
	}
	r.repaired("clean-hooks", "%s stood in the way of the hooks of this deploy and went. Give the hooks the delete policy before-hook-creation to avoid it.", listObjects(stale))
	return nil
}

// sweep removes what dead revisions made and the one that is now deployed does
// not have (R11): Helm forgets about it. The deploy itself is done by then, so
// what cannot be removed is only told.
func (r *run) sweep(ctx context.Context, f *facts.Facts) error {
	defer r.step("Look for what failed revisions left behind")()
	left, err := r.leftovers(ctx, f)
	if err == nil && len(left) > 0 {
		var kept []string
		if kept, err = r.Cluster.Remove(ctx, left, false); err == nil && len(kept) == 0 {
			r.repaired("sweep", "%s were left behind by a revision that failed and are gone now.", listObjects(left))
			return nil
		}
		r.result.Kept = append(r.result.Kept, kept...)
	}
	if err != nil {
		r.note(result.LevelWarning, "Leftovers not removed", "What failed revisions left behind may still be there: %v", err)
	}
	return nil
}

func (r *run) leftovers(ctx context.Context, f *facts.Facts) ([]facts.Object, error) {
	var dead []facts.Object
	for _, rec := range verdict.AbandonedRevisions(f) {
		objects, err := r.objectsOf(ctx, rec)
		if err != nil {
			return nil, err
		}
		dead = append(dead, objects...)
	}
	if len(verdict.Leftovers(dead, nil)) == 0 {
		return nil, nil
	}
	deployed, err := r.Cluster.Observe(ctx, r.want.Manifest)
	return verdict.Leftovers(dead, deployed), err
}

func listObjects(objects []facts.Object) string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.String()
	}
	return strings.Join(names, ", ")
}
