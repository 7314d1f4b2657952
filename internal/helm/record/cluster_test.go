//go:build cluster

package record

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

func key(revision string) string { return "sh.helm.release.v1.web.v" + revision }

// storage is a store and the driver of one operation on it.
type storage struct {
	*Store
	*Driver
}

// open returns the storage of a new run by the user of config.
func open(t *testing.T, config *rest.Config, namespace string, kind Kind) *storage {
	t.Helper()
	core, err := corev1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	clients := Clients{Core: core, Metadata: meta}
	s, err := New(clients, Options{
		Kind: kind, Namespace: namespace, Identity: "me", Context: t.Context(),
		Stamp:            facts.Stamp{Run: "run1"},
		Annotations:      map[string]string{"berth.dev/branch": "feature/x", "berth.dev/run-url": "https://ci/1"},
		RunURLAnnotation: "berth.dev/run-url",
		Backoff: func() backoff.BackOff {
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Millisecond), 4)
		},
	})
	must(t, err)
	d, err := s.Operation(clients, time.Now().Add(time.Minute).Truncate(time.Second))
	must(t, err)
	return &storage{s, d}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHelmReadsAndUpgradesOurRecords(t *testing.T) {
	c := kubetest.Connect(t)
	for _, kind := range []Kind{Secrets, ConfigMaps} {
		t.Run(string(kind), func(t *testing.T) {
			ns := c.Namespace(t)
			s := open(t, c.Config(), ns, kind)
			var helm driver.Driver = driver.NewSecrets(c.Client().CoreV1().Secrets(ns))
			if kind == ConfigMaps {
				helm = driver.NewConfigMaps(c.Client().CoreV1().ConfigMaps(ns))
			}
			if s.Name() != helm.Name() {
				t.Errorf("the driver's name is %s", s.Name())
			}
			rls := mock("web", 1, release.StatusPendingInstall)
			rls.Labels = map[string]string{"team": "a"}
			must(t, s.Create(key("1"), rls))
			rls.SetStatus(release.StatusDeployed, "done")
			must(t, s.Update(key("1"), rls))

			got, err := helm.Get(key("1"))
			must(t, err)
			if got.Info.Status != release.StatusDeployed || got.Manifest != rls.Manifest || got.Labels["team"] != "a" {
				t.Errorf("Helm reads %+v", got.Info)
			}
			if found, err := helm.Query(map[string]string{"name": "web", "owner": "helm", "status": "deployed"}); err != nil || len(found) != 1 {
				t.Errorf("Helm finds %d: %v", len(found), err)
			}
			// Helm writes over it; our pointer is stale now, and says so.
			must(t, helm.Update(key("1"), got))
			rls.SetStatus(release.StatusFailed, "late")
			if _, ok := errors.AsType[*ConflictError](s.Update(key("1"), rls)); !ok {
				t.Error("a stale write went through")
			}
			all, err := s.List(func(*release.Release) bool { return true })
			if err != nil || len(all) != 1 || all[0].Labels["owner"] != "helm" {
				t.Errorf("List: %v, %v", all, err)
			}
			if _, err := s.Delete(key("1")); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(key("1")); !errors.Is(err, driver.ErrReleaseNotFound) {
				t.Errorf("Get of a deleted one: %v", err)
			}
			if _, err := s.Query(map[string]string{"name": "web"}); !errors.Is(err, driver.ErrReleaseNotFound) {
				t.Errorf("Query of none: %v", err)
			}
			if _, err := s.Delete(key("1")); !errors.Is(err, driver.ErrReleaseNotFound) {
				t.Errorf("Delete of none: %v", err)
			}
		})
	}
}

// Helm's driver rebuilds the object, and loses all of this.
func TestUpdateKeepsWhatIsNotHelms(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	payload := stored(t, `{"name":"web","version":1,"apply_method":"ssa","info":{"status":"deployed","novel":1}}`)
	secrets := c.Client().CoreV1().Secrets(ns)
	_, err := secrets.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: key("1"), Annotations: map[string]string{"a": "b"}, Finalizers: []string{"berth.dev/test"},
			Labels: map[string]string{"name": "web", "owner": "helm", "status": "deployed", "version": "1", "createdAt": "5",
				LabelRun: "old", LabelRevision: "0"},
		},
		Type: secretType, Data: map[string][]byte{dataKey: []byte(payload)},
	}, metav1.CreateOptions{})
	must(t, err)
	found, err := s.Query(map[string]string{"name": "web", "owner": "helm"})
	must(t, err)
	found[0].SetStatus(release.StatusSuperseded, "old")
	must(t, s.Update(key("1"), found[0]))
	must(t, s.Update(key("1"), mock("web", 1, release.StatusFailed))) // a pointer never seen

	secret, err := secrets.Get(t.Context(), key("1"), metav1.GetOptions{})
	must(t, err)
	raw, rls, err := decode(string(secret.Data[dataKey]))
	must(t, err)
	if !strings.Contains(string(raw), `"apply_method":"ssa"`) || !strings.Contains(string(raw), `"novel":1`) {
		t.Errorf("unknown fields were lost: %s", raw)
	}
	if secret.Annotations["a"] != "b" || len(secret.Finalizers) != 1 || secret.Labels["createdAt"] != "5" {
		t.Errorf("metadata was lost: %+v", secret.ObjectMeta)
	}
	if rls.Info.Status != release.StatusFailed || secret.Labels["status"] != "failed" || secret.Labels[LabelRun] != "" {
		t.Errorf("stored %s, labels %v", rls.Info.Status, secret.Labels)
	}
	secret.Finalizers = nil
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
}

// The founding case: https://github.com/helm/helm/issues/13189
func TestDeniedUpdateIsAudited(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	account := c.ServiceAccount(t, ns, "deployer", c.SecretRules("get", "list", "create")...)
	s := open(t, account.Config, ns, Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	must(t, s.Create(key("1"), rls))
	rls.SetStatus(release.StatusDeployed, "done")
	denied, ok := errors.AsType[*DeniedError](s.Update(key("1"), rls))
	if !ok || denied.Verb != "update" || denied.Resource != "secrets" || denied.Namespace != ns {
		t.Fatalf("got %v", denied)
	}
	p := problem.Of(s.Failed())
	if p.Reason != problem.PermissionMissing || len(p.Missing) != 1 || !strings.Contains(p.Error(), account.User) {
		t.Errorf("failed with %v", p)
	}
	last := s.Audit()[1]
	if !last.Denied || last.Tries != 1 || last.Status != facts.StatusDeployed || last.Revision != 1 {
		t.Errorf("audit: %+v", last)
	}
	account.Grant(t, ns, c.SecretRules("update")...)
	must(t, s.Update(key("1"), rls))
	must(t, s.Failed())
}

func TestUndecodableRecords(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	_, err := c.Client().CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   key("2"),
			Labels: map[string]string{"name": "web", "owner": "helm", "version": "2", "status": "deployed"},
		},
		Type: secretType, Data: map[string][]byte{dataKey: []byte("garbage")},
	}, metav1.CreateOptions{})
	must(t, err)
	if _, ok := errors.AsType[*UndecodableError](second(s.Get(key("2")))); !ok {
		t.Error("Get did not say that it cannot be decoded")
	}
	found, err := s.Query(map[string]string{"name": "web"})
	if err != nil || len(found) != 1 {
		t.Errorf("Query: %d, %v", len(found), err)
	}
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[1])
	if err != nil || loaded.rls != nil || records[1].DecodeError == "" {
		t.Errorf("Load: %v, %q", err, records[1].DecodeError)
	}
	if _, ok := errors.AsType[*UndecodableError](s.Settle(t.Context(), loaded, facts.StatusFailed, "")); !ok {
		t.Error("Settle wrote over what cannot be decoded")
	}
	rls, err := s.Delete(key("2"))
	if err != nil || rls.Name != "web" || rls.Version != 2 {
		t.Errorf("Delete: %v, %v", rls, err)
	}
}

func second[T any](_ T, err error) error { return err }

func names(found []facts.Neighbour) []string {
	var all []string
	for _, r := range found {
		all = append(all, r.Name)
	}
	return all
}

func TestRevisionsAndSettle(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	before := time.Now().Add(-time.Minute)
	must(t, s.Create("sh.helm.release.v1.api.v1", mock("api", 1, release.StatusDeployed)))
	must(t, s.Create(key("10"), mock("web", 10, release.StatusPendingUpgrade)))
	must(t, s.Create(key("9"), mock("web", 9, release.StatusDeployed)))

	found, err := s.ReleasesIn(t.Context())
	if err != nil || !slices.Equal(names(found), []string{"api", "web"}) {
		t.Errorf("releases %v: %v", found, err)
	}
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	if len(records) != 2 || records[0].Revision != 9 || records[1].Revision != 10 {
		t.Fatalf("records %+v", records)
	}
	rec := &records[1]
	want := facts.Stamp{Run: "run1", Revision: 10, Deadline: s.onCreate.stamp.Deadline.UTC()}
	if diff := cmp.Diff(want, rec.Stamp); diff != "" {
		t.Error(diff)
	}
	if rec.Identity != "me" || rec.RunURL != "https://ci/1" || rec.Hidden || rec.Loaded ||
		rec.Touched.Before(before) || !slices.Equal(rec.Managers, []string{fieldManager}) {
		t.Errorf("record %+v", rec)
	}
	loaded, err := s.Load(t.Context(), rec)
	must(t, err)
	if rec.PayloadStatus != facts.StatusPendingUpgrade || rec.Chart != "foo-0.1.0-beta.1" || len(rec.Hooks) != 1 || rec.Size == 0 {
		t.Errorf("loaded %+v", rec)
	}
	stale, err := s.Load(t.Context(), rec)
	must(t, err)
	must(t, s.Settle(t.Context(), loaded, facts.StatusFailed, "unlocked"))
	must(t, s.Settle(t.Context(), loaded, facts.StatusDeployed, "promoted")) // from its own answer
	if err := s.Settle(t.Context(), stale, facts.StatusFailed, "late"); !s.Audit()[len(s.Audit())-1].Conflict {
		t.Errorf("a stale repair went through: %v", err)
	}
	_, err = s.Load(t.Context(), rec)
	must(t, err)
	if rec.LabelStatus != facts.StatusDeployed || rec.PayloadStatus != facts.StatusDeployed || rec.Description != "promoted" {
		t.Errorf("settled %+v", rec)
	}
	other := facts.Record{Key: rec.Key, UID: "another"}
	if err := second(s.Load(t.Context(), &other)); !errors.Is(err, facts.ErrChanged) {
		t.Errorf("a record of another UID was loaded: %v", err)
	}
	gone := facts.Record{Key: key("11")}
	err = second(s.Load(t.Context(), &gone))
	if !errors.Is(err, facts.ErrChanged) || !errors.Is(err, driver.ErrReleaseNotFound) || problem.Of(err).Reason != problem.Inconsistent {
		t.Errorf("a pruned record: %v", err)
	}
}

func TestTooLargeIsRefusedBeforeTheRequest(t *testing.T) {
	c := kubetest.Connect(t)
	s := open(t, c.Config(), c.Namespace(t), Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	rls.Manifest = noise(1 << 20)
	large, ok := errors.AsType[*TooLargeError](s.Create(key("1"), rls))
	if !ok || large.Size <= large.Limit || s.Audit()[0].Tries != 0 {
		t.Errorf("got %v, audit %+v", large, s.Audit())
	}
	if problem.Of(s.Failed()).Reason != problem.RecordUnreadable {
		t.Errorf("failed with %v", s.Failed())
	}
}

func TestStampIsNotInherited(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	found, err := s.Query(map[string]string{"name": "web"})
	must(t, err)
	next := mock("web", 2, release.StatusPendingUpgrade)
	next.Labels = maps.Clone(found[0].Labels) // as Helm's upgrade does
	must(t, driver.NewSecrets(c.Client().CoreV1().Secrets(ns)).Create(key("2"), next))
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	if records[0].Stamp.Zero() || !records[1].Stamp.Zero() {
		t.Errorf("stamps %+v, %+v", records[0].Stamp, records[1].Stamp)
	}
}
