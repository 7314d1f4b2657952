package engine

import (
	"context"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// awaitVolumes waits for the volumes that were waiting for claims in the namespace. Where that stays
// after all, so do these.
func (t *teardown) awaitVolumes(ctx context.Context, f *facts.Facts) error {
	switch {
	case len(t.volumes) == 0:
		return nil
	case !t.left.NamespaceGone:
		t.report.note(result.LevelWarning, "Still being deleted", "%s: each goes once the claim does that is bound to it, and namespace %s "+
			"stays. No record tells of them any more.", objectNames(t.volumes), t.ns.name)
		return nil
	}
	err := t.steps.remove.await(ctx, f, t.volumes, "Wait until the volumes of its claims are gone")
	if p := problem.Of(err); p != nil {
		p.Next = strings.TrimSpace(p.Next + " The release and its namespace are gone, so that no other teardown finds them.")
		return p
	}
	return err
}
