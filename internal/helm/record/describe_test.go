package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		key    string
		labels map[string]string
		name   string
		rev    int
	}{
		{"x", map[string]string{"name": "web", "version": "4"}, "web", 4},
		{"sh.helm.release.v1.web.v2.v12", nil, "web.v2", 12},
		{"sh.helm.release.v1.web.v3", map[string]string{"version": "x"}, "web", 3},
		{"sh.helm.release.v1.web.v3", map[string]string{"name": "api", "version": "4"}, "api", 4},
		{"sh.helm.release.v1.web.v3", map[string]string{"name": "web", "version": "9"}, "web", 3},
		{"sh.helm.release.v1.web.v3.v4", map[string]string{"owner": "helm"}, "web.v3", 4},
		{"sh.helm.release.v1.web.v03", nil, "", 0},
		{"sh.helm.release.v1.web.v0", nil, "", 0},
		{"sh.helm.release.v1.web.v-1", nil, "", 0},
		{"sh.helm.release.v1.web.v3-quarantined-0a1b2c", nil, "", 0},
		{"sh.helm.release.v1..v3", nil, "", 0},
		{"sh.helm.release.v1.v3", nil, "", 0},
		{"other", nil, "", 0},
	} {
		name, rev := identify(&metav1.ObjectMeta{Name: c.key, Labels: c.labels})
		if name != c.name || rev != c.rev {
			t.Errorf("%s: got %q %d", c.key, name, rev)
		}
	}
}

func TestHooks(t *testing.T) {
	got := hooks([]*release.Hook{
		{Name: "a", Events: []release.HookEvent{release.HookPreInstall}, LastRun: release.HookExecution{Phase: release.HookPhaseSucceeded}},
		nil,
		{Name: "b", DeletePolicies: []release.HookDeletePolicy{release.HookFailed, release.HookSucceeded}},
	})
	want := []facts.Hook{
		{Name: "a", Events: []string{"pre-install"}, Succeeded: true, Recreated: true},
		{Name: "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
