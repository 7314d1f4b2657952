//go:build cluster

package record

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// garbage makes a Secret that no release can be read from.
func garbage(t *testing.T, c *kubetest.Cluster, namespace, key string, change func(*corev1.Secret)) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: key, Annotations: map[string]string{"a": "b"},
			Labels: map[string]string{"name": "web", "owner": "helm", "version": "2", "status": "deployed", "team": "x"},
		},
		Type: secretType, Data: map[string][]byte{dataKey: []byte("garbage"), "more": {0xff, 0}},
	}
	if change != nil {
		change(secret)
	}
	made, err := c.Client().CoreV1().Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	must(t, err)
	return made
}

func TestQuarantine(t *testing.T) {
	c := kubetest.Connect(t)
	immutable := true
	for name, change := range map[string]func(*corev1.Secret){
		"undecodable": nil,
		"hidden":      func(s *corev1.Secret) { s.Labels = nil },
		"immutable":   func(s *corev1.Secret) { s.Immutable = &immutable },
		"other type":  func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque },
		"no data":     func(s *corev1.Secret) { s.Data = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := c.Namespace(t)
			s := open(t, c.Config(), ns, Secrets)
			was := garbage(t, c, ns, key("2"), change)
			rec := facts.Record{
				Key: key("2"), UID: string(was.UID), Revision: 2,
				Content: facts.Content{DecodeError: "it is garbage"},
			}
			copied, err := s.Quarantine(t.Context(), &rec)
			must(t, err)
			got, err := c.Client().CoreV1().Secrets(ns).Get(t.Context(), copied, metav1.GetOptions{})
			must(t, err)
			if !maps.EqualFunc(got.Data, withPayload(was.Data), bytes.Equal) {
				t.Errorf("copied %v", got.Data)
			}
			if got.Type != quarantinedType || got.Labels["owner"] != "" || got.Labels["name"] != "" || got.Labels[labelQuarantined] != "web" ||
				got.Annotations["a"] != "b" || got.Annotations[annotationQuarantinedFrom] != key("2") ||
				got.Annotations[annotationQuarantinedBecause] != "it is garbage" {
				t.Errorf("copied to %+v", got.ObjectMeta)
			}
			records, err := s.Revisions(t.Context(), "web")
			if err != nil || len(records) != 0 {
				t.Errorf("left %+v, %v", records, err)
			}
			must(t, s.Create(key("2"), mock("web", 2, release.StatusDeployed)))
			audit := s.Audit()
			if len(audit) != 3 || audit[0].Verb != "create" || audit[1].Verb != "delete" || audit[1].Revision != 2 {
				t.Errorf("audit %+v", audit)
			}
			must(t, s.DiscardQuarantined(t.Context(), "web"))
			if _, err := s.client.objects.get(t.Context(), copied); ignoreNotFound(err) != nil || err == nil {
				t.Errorf("the copy was not removed: %v", err)
			}
		})
	}
}

func withPayload(data map[string][]byte) map[string][]byte {
	if data == nil {
		return map[string][]byte{dataKey: nil}
	}
	return data
}

// A run that is cut short between the copy and the delete is made good by the
// next, which finds the copy there.
func TestQuarantineConverges(t *testing.T) {
	c := kubetest.Connect(t)
	for _, kind := range []Kind{Secrets, ConfigMaps} {
		t.Run(string(kind), func(t *testing.T) {
			ns := c.Namespace(t)
			must(t, open(t, c.Config(), ns, kind).Create(key("2"), mock("web", 2, release.StatusDeployed)))
			cut := open(t, broken(c.Config(), http.MethodDelete, forever, reply(http.StatusUnprocessableEntity, "cut")), ns, kind)
			records, err := cut.Revisions(t.Context(), "web")
			must(t, err)
			if _, err := cut.Quarantine(t.Context(), &records[0]); err == nil {
				t.Fatal("the delete went through")
			}
			s := open(t, c.Config(), ns, kind)
			records, err = s.Revisions(t.Context(), "web")
			if err != nil || len(records) != 1 {
				t.Fatalf("records %+v, %v", records, err)
			}
			copied, err := s.Quarantine(t.Context(), &records[0])
			if err != nil || !strings.HasPrefix(copied, key("2")+"-quarantined-") {
				t.Fatalf("copied to %s, %v", copied, err)
			}
			if s.Audit()[0].Lost {
				t.Errorf("audit %+v", s.Audit())
			}
			if records, err = s.Revisions(t.Context(), "web"); err != nil || len(records) != 0 {
				t.Errorf("left %+v, %v", records, err)
			}
			if _, err := s.Quarantine(t.Context(), &facts.Record{Key: key("2")}); !errors.Is(err, facts.ErrChanged) {
				t.Errorf("of one that is gone: %v", err)
			}
		})
	}
}

func TestOnlyTheVersionSeenIsRemoved(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	patchLabels(t, c, ns, Secrets, key("1"), `{"touched":"yes"}`)
	if err := s.Discard(t.Context(), &records[0]); !errors.Is(err, facts.ErrChanged) || !s.Audit()[1].Conflict {
		t.Errorf("discarded what changed: %v", err)
	}
	if _, err := s.Quarantine(t.Context(), &records[0]); !errors.Is(err, facts.ErrChanged) {
		t.Errorf("moved what changed: %v", err)
	}
	if _, err = s.Load(t.Context(), &records[0]); err != nil {
		t.Fatal(err)
	}
	must(t, s.Discard(t.Context(), &records[0]))
	must(t, s.Discard(t.Context(), &records[0])) // gone already
	must(t, s.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	if err := s.Discard(t.Context(), &records[0]); !errors.Is(err, facts.ErrChanged) {
		t.Errorf("discarded another one of that name: %v", err)
	}
}

func TestLostDiscardIsMadeGood(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, broken(c.Config(), http.MethodDelete, 1, lost), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	must(t, s.Discard(t.Context(), &records[0]))
	account := c.ServiceAccount(t, ns, "viewer", c.SecretRules("get", "list", "create")...)
	denied := open(t, account.Config, ns, Secrets)
	must(t, denied.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	records, err = denied.Revisions(t.Context(), "web")
	must(t, err)
	if p := problem.Of(denied.Discard(t.Context(), &records[0])); p.Reason != problem.PermissionMissing || p.Missing[0].Verb != "delete" {
		t.Errorf("got %v", p)
	}
}

// What can be no record, or can be changed no more, is named.
func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	garbage(t, c, ns, key("2"), func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque })
	err := s.Create(key("2"), mock("web", 2, release.StatusPendingUpgrade))
	if !isTaken(err) || !strings.Contains(err.Error(), `type "Opaque"`) {
		t.Errorf("got %v", err)
	}
	must(t, s.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	secret, err := c.Client().CoreV1().Secrets(ns).Get(t.Context(), key("1"), metav1.GetOptions{})
	must(t, err)
	immutable := true
	secret.Immutable = &immutable
	_, err = c.Client().CoreV1().Secrets(ns).Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[0])
	must(t, err)
	err = s.Settle(t.Context(), loaded, facts.StatusFailed, "unlocked")
	if _, is := errors.AsType[*ImmutableError](err); !is || problem.Of(err).Reason != problem.RecordUnreadable {
		t.Errorf("settled: %v", err)
	}
	patchLabels(t, c, ns, Secrets, key("1"), `{"owner":null}`)
	loaded, err = s.Load(t.Context(), &records[0])
	must(t, err)
	must(t, s.Relabel(t.Context(), loaded)) // labels stay free
}

// A failure is stored, however long its error is (row T67 of docs/conformance.md).
func TestHugeErrorsAreStored(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	secret, err := c.Client().CoreV1().Secrets(ns).Get(t.Context(), key("1"), metav1.GetOptions{})
	must(t, err)
	secret.Data[dataKey] = []byte(fullPayload(t)) // as Helm leaves it
	_, err = c.Client().CoreV1().Secrets(ns).Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
	long := noise(1 << 20)
	rls, err := s.Get(key("1"))
	must(t, err)
	rls.SetStatus(release.StatusFailed, long)
	must(t, s.Update(key("1"), rls))
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[0])
	must(t, err)
	if records[0].PayloadStatus != facts.StatusFailed || records[0].LabelStatus != facts.StatusFailed {
		t.Errorf("stored %s, %s", records[0].PayloadStatus, records[0].LabelStatus)
	}
	must(t, s.Settle(t.Context(), loaded, facts.StatusPendingUpgrade, long))
}
