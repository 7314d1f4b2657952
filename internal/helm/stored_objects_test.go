package helm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
)

// A stored manifest is taken in the versions that are served. What is of a kind that is
// gone is left out; all else stays as it is.
func TestInServedVersions(t *testing.T) {
	served, changes, err := inServedVersions(stored, offered(), false)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse(served)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.GetAPIVersion()+" "+o.GetName())
	}
	if diff := cmp.Diff([]string{"v1 web", "v1 listed", "autoscaling/v2 moved", "v1 stays", "v1 goes"}, got); diff != "" {
		t.Error(diff)
	}
	if len(changes) != 2 || !strings.Contains(changes[0], "autoscaling/v2 in place of autoscaling/v2beta2") ||
		!strings.Contains(changes[1], "away") {
		t.Errorf("changes %q", changes)
	}
	misfit := "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: moved}\nspec: none\n"
	for whole, want := range map[bool]bool{true: true, false: false} {
		served, _, err := inServedVersions(misfit, offered(), whole)
		if err != nil || strings.Contains(served, "spec") != want {
			t.Errorf("whole %v: %s, %v", whole, served, err)
		}
	}
}

// What is stored is built in the versions that are served, by an upgrade and a rollback
// alike; what the chart says is not.
func TestStoredObjectsAreBuiltAsServed(t *testing.T) {
	const old = "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
	s := newSDK(t)
	s.client.mapper = func() (meta.RESTMapper, error) { return offered(), nil }
	s.unserved = "autoscaling/v2beta2"
	s.store(1, release.StatusSuperseded, webMap)
	s.store(2, release.StatusDeployed, webMap+"---\n"+old)
	o, op := s.operations()
	up := &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	if out := o.upgrade(op, up, chartOf(map[string]string{"old.yaml": old}), nil, nil); out.Err == nil || out.Revision != 0 {
		t.Errorf("a chart of a version that is not served was deployed: %+v", out)
	}
	o, op = s.operations()
	up = &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	if out := o.upgrade(op, up, chartOf(map[string]string{"web.yaml": webMap}), nil, []string{old}); out.Err != nil || out.Revision != 3 {
		t.Errorf("upgrade: %+v", out)
	}
	o, op = s.operations()
	if out := o.rollback(op, facts.Rollback{To: 2}); out.Err != nil || out.Revision != 4 {
		t.Errorf("rollback: %+v", out)
	}
}
