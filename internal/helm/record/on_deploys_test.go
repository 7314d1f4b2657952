package record

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"
)

// A rollback applies anew what another run deployed, and says nothing of this one's commit.
func TestAnnotationsOfDeploys(t *testing.T) {
	n := newMetadata{annotations: map[string]string{"a": "1"},
		onDeploys: func() map[string]string { return map[string]string{"commit": "abc"} }}
	for status, want := range map[release.Status]int{
		release.StatusPendingInstall: 2, release.StatusPendingUpgrade: 2, release.StatusPendingRollback: 1,
	} {
		got := n.of(&release.Release{Info: &release.Info{Status: status}})
		if len(got) != want || got["a"] != "1" {
			t.Errorf("%s: %v", status, got)
		}
	}
	n.onDeploys = nil
	got := n.of(&release.Release{Info: &release.Info{Status: release.StatusPendingInstall}})
	if got["a"] = "2"; n.annotations["a"] != "1" || len(got) != 1 {
		t.Errorf("without any, or shared: %v", got)
	}
}
