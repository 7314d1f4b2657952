package helm

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
)

func TestRollbackNamesItsRevision(t *testing.T) {
	r := New(Options{Release: "web"}, nil, nil)
	for _, to := range []int{0, -1} {
		if o := r.Rollback(t.Context(), facts.Rollback{To: to}); o.Err == nil {
			t.Errorf("rolling back to revision %d is no error", to)
		}
	}
}

func TestRollbackSupersedesOnlyADeployedRevision(t *testing.T) {
	const key = "sh.helm.release.v1.web.v2"
	for _, deployed := range []bool{true, false} {
		memory := driver.NewMemory()
		memory.SetNamespace("review")
		before := func(s release.Status) *release.Release {
			return &release.Release{Name: "web", Namespace: "review", Version: 2, Info: &release.Info{Status: s}}
		}
		if err := memory.Create(key, before(release.StatusFailed)); err != nil {
			t.Fatal(err)
		}
		records := &rollbackRecords{Driver: memory, last: 2, lastDeployed: deployed}
		if err := records.Update(key, before(release.StatusSuperseded)); err != nil {
			t.Fatal(err)
		}
		got, err := memory.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		if superseded := got.Info.Status == release.StatusSuperseded; superseded != deployed {
			t.Errorf("deployed %t: stored as %s", deployed, got.Info.Status)
		}
	}
}
