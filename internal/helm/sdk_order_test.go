package helm

import (
	"slices"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// These tests run Helm's real actions on Berth's clients, over a fake of
// everything below, and pin the order of calls that the clients rely on. When
// Helm is updated and one of them fails, its comment says what is no longer true,
// and what that breaks.

const (
	webMap      = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
	extraSecret = "apiVersion: v1\nkind: Secret\nmetadata: {name: extra}\n"
)

var (
	ours   = ownership.Release{Namespace: "review", Name: "web"}
	theirs = ownership.Release{Namespace: "review", Name: "past"}
)

func hookFor(event string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: seed, annotations: {helm.sh/hook: " + event + "}}\n"
}

// The first manifest that an install builds is the chart's, and Helm stores and creates
// nothing before. Else deployClient would look at the wrong objects, or too late, and
// answer from memory what was changed meanwhile.
//
// The record is stored before the first object is created. Else a run that is
// killed would leave objects that no record knows of.
//
// A leftover of the hook is waited for by a method that Helm finds by type assertion.
// Else the hook would be created while the leftover of that name is still going.
//
// The hook and the objects are waited for before the revision is stored as deployed.
// Else one that is not ready would pass for deployed.
//
// CRDs are left to installCRDs: nothing of crds/ is built. Else the first manifest
// that is built would be theirs.
func TestInstallOrder(t *testing.T) {
	s := newSDK(t)
	s.exists(hookFor("pre-install"), ours)
	o, op := s.operations()
	ch := chartOf(map[string]string{"web.yaml": webMap, "seed.yaml": hookFor("pre-install")})
	ch.Files = append(ch.Files, &helmchart.File{Name: "crds/crd.yaml", Data: []byte("kind: CustomResourceDefinition")})
	c := &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	if out := o.install(op, c, ch, nil, false, nil); out.Err != nil || !out.Applied {
		t.Fatalf("outcome %+v", out)
	}
	s.wants(
		"build ConfigMap/web",
		"begin cache", "GET web", // Berth's look
		"GET web", // Helm's own
		"store new revision 1 pending-install",
		"build Job/seed", "GET seed", "DELETE seed", "wait gone Job/seed",
		"build Job/seed", "store revision 1 pending-install",
		"end cache", "create Job/seed", "wait hook 1",
		"create ConfigMap/web", "wait ready 1",
		"store revision 1 deployed",
	)
}

// Helm calls Update in place of Create where some of the chart's objects exist,
// and passes as original those that exist: installClient takes them for adopted.
// Else the run would report the wrong objects as adopted, or none.
func TestInstallOrderOverOwnObjects(t *testing.T) {
	s := newSDK(t)
	s.exists(webMap, ours)
	o, op := s.operations()
	c := &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	out := o.install(op, c, chartOf(map[string]string{"web.yaml": webMap, "extra.yaml": extraSecret}), nil, false, nil)
	if out.Err != nil || len(out.Adopted) != 1 || out.Adopted[0] != "ConfigMap/web" {
		t.Fatalf("outcome %+v", out)
	}
	gets := s.calls[2:6] // the look at two objects is in no order
	s.calls = append(s.calls[:2:2], s.calls[6:]...)
	if !slices.Equal(slices.Sorted(slices.Values(gets)), []string{"GET extra", "GET extra", "GET web", "GET web"}) {
		t.Errorf("it reads %q", gets)
	}
	s.wants(
		"build Secret/extra ConfigMap/web",
		"begin cache",
		"store new revision 1 pending-install",
		"begin cache", "GET extra", "GET extra", "POST extra", "GET web", "end cache", // web is as it is to be
		"end cache", // the look's
		"wait ready 2",
		"store revision 1 deployed",
	)
}

// An object of another release is refused when the chart's manifest is built, before
// Helm stores or creates anything, with no release in its answer, and with the chart's
// objects built last. Else Perform would take over the wrong objects, or none.
func TestInstallRefusesForeignObjects(t *testing.T) {
	s := newSDK(t)
	s.exists(webMap, theirs)
	o, op := s.operations()
	c := &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	out := o.install(op, c, chartOf(map[string]string{"web.yaml": webMap, "seed.yaml": hookFor("pre-install")}), nil, false, nil)
	if !isOwnershipConflict(out.Err) || out.Revision != 0 || namesOf(c.objects) != "ConfigMap/web" {
		t.Errorf("outcome %+v, built last %s", out, namesOf(c.objects))
	}
	s.wants("build ConfigMap/web", "begin cache", "GET web", "end cache")
}

// Helm refuses an object that names nobody with a text that isOwnershipConflict knows.
// Else Perform would report it as a fault of the chart.
func TestInstallRefusesNobodysObjects(t *testing.T) {
	s := newSDK(t)
	s.exists(webMap, ours)
	s.live["web"].SetAnnotations(nil)
	o, op := s.operations()
	out := o.install(op, &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}},
		chartOf(map[string]string{"web.yaml": webMap}), nil,
		false, nil)
	if !isOwnershipConflict(out.Err) || out.Revision != 0 {
		t.Errorf("outcome %+v", out)
	}
	s.wants("build ConfigMap/web", "begin cache", "GET web", "GET web", "end cache")
}

// An object of a hook's name that is not the release's ends an install before Helm
// stores anything.
func TestInstallRefusesATakenHook(t *testing.T) {
	s := newSDK(t)
	s.exists(hookFor("pre-install"), theirs)
	o, op := s.operations()
	c := &installClient{deployClient: &deployClient{client: s.client, core: noRecords(), hooks: []string{hookFor("pre-install")}}}
	out := o.install(op, c, chartOf(map[string]string{"seed.yaml": hookFor("pre-install")}), nil, false, nil)
	if p := problem.Of(out.Err); p == nil || p.Reason != problem.Foreign || out.Revision != 0 || isOwnershipConflict(out.Err) {
		t.Errorf("outcome %+v", out)
	}
	s.wants("build ", "begin cache", "build Job/seed", "GET seed", "end cache")
}

// The first manifest that an upgrade builds is the new one, after the rendering.
// Else the report would count other work as rendering.
//
// The new manifest is also built last before Helm reads the objects that it adds.
// Else Perform would take over the wrong objects.
//
// Helm reads these before it stores the new revision, and stores that before it
// changes anything. Else an upgrade that is refused would leave a revision, and one
// that is killed would leave changes that no record knows of.
//
// The old revision is superseded only when everything is ready. Else an upgrade that
// fails would leave no deployed revision, with which the next one is compared.
func TestUpgradeOrder(t *testing.T) {
	s := newSDK(t)
	s.store(1, release.StatusDeployed, webMap)
	o, op := s.operations()
	ch := chartOf(map[string]string{"web.yaml": webMap, "extra.yaml": extraSecret, "seed.yaml": hookFor("pre-upgrade")})
	client := &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	if out := o.upgrade(op, client, ch, nil, nil); out.Err != nil || out.Revision != 2 {
		t.Fatalf("outcome %+v", out)
	}
	slices.Sort(s.calls[2:4]) // they are read in parallel
	s.wants(
		"build Secret/extra ConfigMap/web",    // ends the rendering
		"begin cache", "GET extra", "GET web", // Berth's look
		"build ConfigMap/web",
		"build Secret/extra ConfigMap/web",
		"GET extra",
		"store new revision 2 pending-upgrade",
		"build Job/seed", "GET seed", // nothing is left of it
		"build Job/seed", "store revision 2 pending-upgrade",
		"end cache", "create Job/seed", "wait hook 1",
		"begin cache", "GET extra", "GET extra", "POST extra", "GET web", "GET web", "POST web", "end cache",
		"wait ready 2",
		"store revision 1 superseded",
		"store revision 2 deployed",
	)
}

// What TestInstallRefusesForeignObjects pins holds for an upgrade.
func TestUpgradeRefusesForeignObjects(t *testing.T) {
	s := newSDK(t)
	s.store(1, release.StatusDeployed, webMap)
	s.exists(extraSecret, theirs)
	o, op := s.operations()
	c := &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	out := o.upgrade(op, c, chartOf(map[string]string{"web.yaml": webMap, "extra.yaml": extraSecret}), nil, nil)
	if !isOwnershipConflict(out.Err) || out.Revision != 0 || namesOf(c.objects) != "Secret/extra ConfigMap/web" {
		t.Errorf("outcome %+v, built last %s", out, namesOf(c.objects))
	}
	if last := s.calls[len(s.calls)-1]; last != "end cache" || len(s.calls) != 5 {
		t.Errorf("it went on to %q", s.calls)
	}
}

// An object that only a failed revision had reaches the update as its original: the
// update gets all objects of the chart as its target. Else the fields that only that
// revision has set would stay for ever.
func TestUpgradeOverAFailedRevision(t *testing.T) {
	s := newSDK(t)
	failed := extraSecret + "data: {old: eA==}\n"
	s.exists(failed, ours)
	s.store(1, release.StatusDeployed, webMap)
	s.store(2, release.StatusFailed, webMap+"---\n"+failed)
	o, op := s.operations()
	ch := chartOf(map[string]string{"web.yaml": webMap, "extra.yaml": extraSecret})
	client := &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
	if out := o.upgrade(op, client, ch, nil, []string{failed}); out.Err != nil ||
		out.Revision != 3 {
		t.Fatalf("outcome %+v", out)
	}
	if patch := s.patches["extra"]; !strings.Contains(patch, `"data":null`) || !strings.Contains(patch, `"uid":"uid"`) {
		t.Errorf("patch %s", patch)
	}
}

// An upgrade leaves what a revision that failed says is to be kept, though the one that it starts from does not say so.
func TestUpgradeLeavesWhatAFailedRevisionKeeps(t *testing.T) {
	const keep = "metadata: {annotations: {helm.sh/resource-policy: keep}, name: "
	secret, list := strings.Replace(extraSecret, "metadata: {name: ", keep, 1), "apiVersion: v1\nkind: List\nmetadata: {annotations: "+
		"{helm.sh/resource-policy: keep}}\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: extra, namespace: review}}]\n"
	for text, kept := range map[string]bool{
		secret: true, list: true, extraSecret: false,
		strings.Replace(secret, "name: ", "namespace: other, name: ", 1):      false,
		strings.Replace(secret, "keep", "keep, helm.sh/hook: pre-install", 1): false,
	} {
		s := newSDK(t)
		s.exists(extraSecret, ours)
		s.store(1, release.StatusDeployed, webMap+"---\n"+extraSecret)
		s.store(2, release.StatusFailed, text)
		o, op := s.operations()
		s.client.keptLater = keptIn([]string{text, "no: manifest: at all"})
		client := &upgradeClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
		if out := o.upgrade(op, client, chartOf(map[string]string{"web.yaml": webMap}), nil, nil); out.Err != nil {
			t.Fatalf("outcome %+v", out)
		}
		if gone := slices.Contains(s.calls, "DELETE extra"); gone == kept {
			t.Errorf("deleted %t with\n%s", gone, text)
		}
	}
}

// What an operation is to be followed by is on its record from the write on that says deployed: whatever
// ends the run then, the next one looks for it.
func TestRecordsThatASweepIsToCome(t *testing.T) {
	for mode, want := range map[facts.DeployMode]string{facts.ModeUpgrade: "Upgrade complete", facts.ModeReplace: "Install complete"} {
		for _, unswept := range []bool{true, false} {
			s := newSDK(t)
			s.store(1, release.StatusFailed, webMap)
			o, op := s.operations()
			o.expected.Unswept = unswept
			c, ch := &deployClient{client: s.client, core: noRecords()}, chartOf(map[string]string{"web.yaml": webMap})
			out, err := o.runMode(mode, op, c, ch, nil, nil)
			if err != nil || out.Err != nil {
				t.Fatalf("%s: outcome %+v, %v", mode, out, err)
			}
			stored, err := s.records.Get("sh.helm.release.v1.web.v2")
			if err != nil {
				t.Fatal(err)
			}
			says := stored.Info.Description
			if unswept && says != want+facts.Unswept || !unswept && says != want || facts.Swept(says) == unswept {
				t.Errorf("%s: the record says %q", mode, says)
			}
		}
	}
}

// A rollback changes the release that it passed to Create until it ends. Else the
// release that rollbackRecords keeps would not tell how it ended.
//
// Where the update fails, it supersedes the revision before: that is the write which
// rollbackRecords drops. Else a revision that never was deployed would pass for one
// that may be gone back to.
//
// Berth's check builds both manifests before Helm stores the new revision, and Helm
// builds them again after. Else a kind that the API server has no more would leave a
// revision pending.
func TestRollbackOrder(t *testing.T) {
	for name, c := range map[string]struct {
		fails bool
		last  []string // calls
		want  map[int]release.Status
	}{
		"success": {false, []string{"DELETE extra", "end cache", "wait ready 1", "store revision 3 deployed"},
			map[int]release.Status{2: release.StatusFailed, 3: release.StatusDeployed}},
		"failure": {true, []string{"end cache", "store revision 3 failed"},
			map[int]release.Status{2: release.StatusFailed, 3: release.StatusFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.refuses = c.fails
			s.exists(extraSecret, ours)
			s.store(1, release.StatusSuperseded, webMap)
			s.store(2, release.StatusFailed, webMap+"---\n"+extraSecret)
			o, op := s.operations()
			out := o.rollback(op, facts.Rollback{To: 1})
			if out.Revision != 3 || out.Applied == c.fails || (out.Err == nil) == c.fails {
				t.Errorf("outcome %+v", out)
			}
			s.calls = slices.DeleteFunc(s.calls, func(call string) bool { return call == "GET web" || call == "GET extra" })
			s.wants(append([]string{
				"build ConfigMap/web Secret/extra", "build ConfigMap/web", // the check
				"store new revision 3 pending-rollback",
				"build ConfigMap/web Secret/extra", "build ConfigMap/web",
				"begin cache", "POST web",
			}, c.last...)...)
			for revision, status := range c.want {
				if got := s.status(revision); got != status {
					t.Errorf("revision %d is stored as %s, want %s", revision, got, status)
				}
			}
		})
	}
}

// An uninstall builds a hook by its text as it is stored. Else uninstallClient would
// take it for the release's manifest and build all objects.
//
// The success of the last pre-delete hook is stored before the first object is
// deleted. Else skipFinishedHooks could not tell of an uninstall that was cut short
// that its hooks have run, and they would run again without the objects they need.
//
// The release's objects are deleted by DeleteWithPropagationPolicy, which Helm finds by
// type assertion. Else they would be deleted as hooks, of which nothing shows that they
// are the release's.
//
// It deletes the objects before it waits for them. Else it would wait for those that
// are kept. The record stays, as uninstalled, to the end. Else nothing would know of
// objects that are left.
func TestUninstallOrder(t *testing.T) {
	s := newSDK(t)
	s.exists(webMap, ours)
	s.exists(extraSecret, theirs)
	s.store(1, release.StatusDeployed, webMap+"---\n"+extraSecret+"---\napiVersion: gone/v1\nkind: Gone\nmetadata: {name: gone}\n",
		&release.Hook{Name: "seed", Kind: "Job", Manifest: hookFor("pre-delete"),
			Events: []release.HookEvent{release.HookPreDelete, release.HookPostDelete}})
	o, op := s.operations()
	mapper := offered()
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, meta.RESTScopeNamespace)
	out := o.uninstall(op, mapper, facts.Uninstall{Pods: true})
	if out.Err != nil || len(out.Missing) != 1 || len(out.Kept) != 1 {
		t.Fatalf("outcome %+v", out)
	}
	look := []string{"build Job/seed", "GET seed"}
	hook := []string{
		"build Job/seed", "GET seed",
		"build Job/seed", "store revision 1 uninstalling", "create Job/seed", "wait hook 1",
	}
	slices.Sort(s.calls[10:13]) // objects are deleted in parallel
	s.wants(slices.Concat(look, hook, []string{
		"store revision 1 uninstalling",
		"build ConfigMap/web Secret/extra",
		"DELETE web", "GET extra", "GET web",
		"wait gone ConfigMap/web",
	}, hook, []string{"store revision 1 uninstalled"})...)
}
