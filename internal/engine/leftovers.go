package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/verdict"
)

// cleanHooks removes what earlier hooks left behind and the coming operation
// would trip over (R9).
func (r *run) cleanHooks(ctx context.Context, f *verdict.Facts, next verdict.Step) error {
	defer r.step("Remove leftover hooks")()
	stale := verdict.StaleHooks(f, next)
	kept, err := r.Cluster.Remove(ctx, stale, true)
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		return &verdict.Problem{Ending: verdict.EndRepairFailed, Tried: "remove leftover hooks",
			Cause: fmt.Errorf("kept: %s", strings.Join(kept, "; ")), Next: "Remove them by hand, then deploy again."}
	}
	r.repaired("clean-hooks", "%s stood in the way of the hooks of this deploy and went. Give the hooks the delete policy before-hook-creation to avoid it.", listObjects(stale))
	return nil
}

// sweep removes what dead revisions made and the one that is now deployed does
// not have (R11): Helm forgets about it. The deploy itself is done by then, so
// what cannot be removed is only told.
func (r *run) sweep(ctx context.Context, f *verdict.Facts) error {
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
		r.note(verdict.LevelWarning, "Leftovers not removed", "What failed revisions left behind may still be there: %v", err)
	}
	return nil
}

func (r *run) leftovers(ctx context.Context, f *verdict.Facts) ([]verdict.Object, error) {
	var dead []verdict.Object
	for _, rec := range verdict.DeadRevisions(f) {
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

func listObjects(objects []verdict.Object) string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.String()
	}
	return strings.Join(names, ", ")
}
