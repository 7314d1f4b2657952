package record

import (
	"errors"
	"strings"
	"testing"
	"time"

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
	got := Hooks([]*release.Hook{
		{Name: "a", Events: []release.HookEvent{release.HookPreInstall}, LastRun: release.HookExecution{Phase: release.HookPhaseSucceeded}},
		nil,
		{Name: "b", DeletePolicies: []release.HookDeletePolicy{release.HookFailed, release.HookSucceeded},
			Manifest: "metadata: {name: b, namespace: there}"},
		{Name: "c", Manifest: "metadata: {namespace: [none]}"},
	})
	want := []facts.Hook{
		{Name: "a", Events: []string{"pre-install"}, Succeeded: true, Recreated: true},
		{Name: "b", Namespace: "there", Temporary: true, TemporaryFailed: true, Manifest: "metadata: {name: b, namespace: there}"},
		{Name: "c", Recreated: true, Manifest: "metadata: {namespace: [none]}"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDescribe(t *testing.T) {
	write := func(manager string, at int64) metav1.ManagedFieldsEntry {
		when := metav1.Unix(at, 0)
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &when}
	}
	meta := &metav1.ObjectMeta{
		Name: Key("web", 2), UID: "u", CreationTimestamp: metav1.Unix(100, 0),
		Labels: map[string]string{
			"name": "web", "owner": "helm", "status": "deployed", "version": "2",
			LabelRun: "run1", LabelRevision: "2", labelDeadline: "1800", "berth.dev/identity": "me",
		},
		Annotations: map[string]string{"url": "https://ci/1", "berth.dev/repository": "acme/shop", "berth.dev/head-repository": "octo/shop",
			"berth.dev/branch": "patch-1", "berth.dev/pull-request": "7"},
		ManagedFields: []metav1.ManagedFieldsEntry{write("berth", 100), write("kubectl-edit", 300), write("berth", 200), {Manager: "old"}},
	}
	want := facts.Record{
		Key: "sh.helm.release.v1.web.v2", Resource: "secrets", UID: "u", Revision: 2, LabelStatus: facts.StatusDeployed, Created: time.Unix(100,
			0),
		Touched: time.Unix(300, 0), Managers: []string{"kubectl-edit", "berth", "old"},
		Stamp: facts.Stamp{Run: "run1", Revision: 2, Deadline: time.Unix(1800, 0).UTC()}, Identity: "me", RunURL: "https://ci/1",
		Origin: facts.Origin{Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1", PullRequest: 7},
	}
	if diff := cmp.Diff(want, describe(meta, Secrets, "url")); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"another revision's stamp", func() { meta.Labels[LabelRevision], want.Stamp = "1", facts.Stamp{} }},
		{"no name", func() { meta.Labels["name"], want.Hidden = "", true }},
		{"another owner", func() { meta.Labels["name"], meta.Labels["owner"] = "web", "me" }},
		{"another release's name", func() {
			meta.Labels["name"] = "api"
			want.Revision, want.Misplaced = 2, `its label names release "api", and its own name does not`
		}},
		{"nothing but the key", func() {
			meta.Labels, meta.Annotations, meta.ManagedFields = nil, nil, nil
			want = facts.Record{Key: want.Key, Resource: "secrets", UID: "u", Revision: 2, Created: want.Created, Touched: want.Created,
				Hidden: true}
		}},
	} {
		c.change()
		if diff := cmp.Diff(want, describe(meta, Secrets, "url")); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestIsConsistent(t *testing.T) {
	for key, want := range map[string]bool{Key("web", 2): true, Key("api", 2): false, "mine": false} {
		if got := isConsistent(&metav1.ObjectMeta{Name: key, Labels: map[string]string{"name": "web"}}); got != want {
			t.Errorf("%s: %t", key, got)
		}
	}
}

// Helm would go by the payload, whatever it is stored as.
func TestCheckPlace(t *testing.T) {
	for name, c := range map[string]struct {
		release   release.Release
		label     string
		misplaced string // a part of what is said; empty: it belongs there
	}{
		"its own":                    {release.Release{Name: "web", Version: 2, Namespace: "review"}, "web", ""},
		"its own, without a label":   {release.Release{Name: "web", Version: 2, Namespace: "review"}, "", ""},
		"its own, without namespace": {release.Release{Name: "web", Version: 2}, "web", ""},
		"another namespace's": {release.Release{Name: "web", Version: 2, Namespace: "prod"}, "web",
			`of release "web" in namespace "prod"`},
		"another release's":           {release.Release{Name: "api", Version: 2, Namespace: "review"}, "web", `of release "api"`},
		"another revision":            {release.Release{Name: "web", Version: 7, Namespace: "review"}, "web", "revision 7"},
		"found as another release's":  {release.Release{Name: "web", Version: 2, Namespace: "review"}, "api", `its label names release "api"`},
		"of no release and no number": {release.Release{}, "web", "revision 0"},
	} {
		meta := &metav1.ObjectMeta{Name: Key("web", 2), Namespace: "review", Labels: map[string]string{"name": c.label}}
		err := checkPlace(meta, &c.release)
		misplaced, is := errors.AsType[*MisplacedError](err)
		if is != (c.misplaced != "") || is && !strings.Contains(misplaced.Holds, c.misplaced) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContent(t *testing.T) {
	got := content(mock("web", 1, release.StatusFailed))
	if !got.Loaded || got.DecodeError != "" || got.PayloadStatus != facts.StatusFailed || got.Manifest == "" ||
		got.Chart != "foo-0.1.0-beta.1" || got.ChartName != "foo" ||
		len(got.Hooks) != 1 || got.Description == "" {
		t.Errorf("got %+v", got)
	}
	if got := content(&release.Release{Info: &release.Info{}}); got.Chart != "" || got.Hooks != nil {
		t.Errorf("of an empty release: %+v", got)
	}
}

// A revision that was uninstalled is so whatever Helm's install has made of its record since. Of any
// other that is superseded, nothing says so.
func TestReplacedIsUninstalled(t *testing.T) {
	for description, want := range map[string]facts.Status{
		"superseded by new release":      facts.StatusUninstalled,
		"superseded, recorded by Berth":  facts.StatusSuperseded,
		"Upgrade complete":               facts.StatusSuperseded,
		"superseded by new release, not": facts.StatusSuperseded,
	} {
		rls := mock("web", 1, release.StatusSuperseded)
		rls.Info.Description = description
		if got := content(rls).PayloadStatus; got != want || endOf(rls, facts.StatusSuperseded) != want {
			t.Errorf("%s: %s", description, got)
		}
		if got := endOf(rls, facts.StatusFailed); got != facts.StatusFailed {
			t.Errorf("a label that says failed is read as %s", got)
		}
	}
}
