package record

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// Upgrade and Rollback hand the previous revision's labels on, its stamp and
// Helm's own labels among them.
func TestLabelsForCreateOmitsInheritedLabels(t *testing.T) {
	rls := mock("web", 2, release.StatusPendingUpgrade)
	rls.Labels = map[string]string{
		"team": "a", "name": "web", "version": "1", "status": "deployed", "createdAt": "1", "modifiedAt": "2",
		LabelRun: "run1", LabelRevision: "1", labelDeadline: "7", ownership.LabelIdentity: "other",
	}
	want := map[string]string{
		"team": "a", "name": "web", "owner": "helm", "version": "2", "status": "pending-upgrade", "createdAt": "1000",
		LabelRun: "run2", LabelRevision: "2", labelDeadline: "1800", ownership.LabelIdentity: "me",
	}
	stamp := facts.Stamp{Run: "run2", Deadline: time.Unix(1800, 0)}
	if diff := cmp.Diff(want, labelsForCreate(rls, stamp, "me", time.Unix(1000, 0))); diff != "" {
		t.Error(diff)
	}
	for key := range labelsForCreate(rls, facts.Stamp{}, "", time.Unix(1000, 0)) {
		if key == LabelRun || key == LabelRevision || key == labelDeadline || key == ownership.LabelIdentity {
			t.Errorf("%s was inherited", key)
		}
	}
}

func TestLabelsForUpdate(t *testing.T) {
	rls := mock("web", 2, release.StatusDeployed)
	own := map[string]string{"x": "y", LabelRun: "run1", LabelRevision: "2", ownership.LabelIdentity: "me"}
	want := map[string]string{
		"x": "y", "name": "web", "owner": "helm", "version": "2", "status": "deployed", "modifiedAt": "1000",
		LabelRun: "run1", LabelRevision: "2", ownership.LabelIdentity: "me",
	}
	if diff := cmp.Diff(want, labelsForUpdate(own, rls, time.Unix(1000, 0))); diff != "" {
		t.Error(diff)
	}
	own[LabelRevision] = "1" // copied by Helm from the revision before
	delete(want, LabelRun)
	delete(want, LabelRevision)
	if diff := cmp.Diff(want, labelsForUpdate(own, rls, time.Unix(1000, 0))); diff != "" {
		t.Error(diff)
	}
}

// A deadline that time cannot hold does not come out as one that has passed.
func TestDeadlineFarAway(t *testing.T) {
	for text, want := range map[string]int64{
		"1800": 1800, "9223372036854775807": 1 << 37, "-1": 1 << 37, "0": 1 << 37, "137438953473": 1 << 37,
	} {
		got := stampOf(map[string]string{LabelRun: "run1", LabelRevision: "2", labelDeadline: text}, 2)
		if got.Deadline.Unix() != want {
			t.Errorf("%s: the deadline is %s", text, got.Deadline)
		}
	}
	if got := stampOf(map[string]string{LabelRun: "run1", LabelRevision: "2", labelDeadline: "soon"}, 2); !got.Deadline.IsZero() {
		t.Errorf("no number: the deadline is %s", got.Deadline)
	}
}
