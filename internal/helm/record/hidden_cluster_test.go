//go:build cluster

package record

import (
	"errors"
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// patchLabels sets labels of a record, or removes those that are null, as somebody
// would with kubectl.
func patchLabels(t *testing.T, c *kubetest.Cluster, namespace string, kind Kind, key, labels string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":` + labels + `}}`)
	var err error
	if kind == ConfigMaps {
		_, err = c.Client().CoreV1().ConfigMaps(namespace).Patch(t.Context(), key, types.MergePatchType, patch, metav1.PatchOptions{})
	} else {
		_, err = c.Client().CoreV1().Secrets(namespace).Patch(t.Context(), key, types.MergePatchType, patch, metav1.PatchOptions{})
	}
	must(t, err)
}

func TestHiddenRecordsAreFoundAndRelabelled(t *testing.T) {
	c := kubetest.Connect(t)
	for _, kind := range []Kind{Secrets, ConfigMaps} {
		for name, labels := range map[string]string{
			"no name": `{"name":null}`, "empty name": `{"name":""}`, "no owner": `{"owner":null}`, "another owner": `{"owner":"me"}`,
			"neither": `{"name":null,"owner":null,"version":null,"status":"failed"}`,
			"all":     `{"name":null,"owner":null,"version":null,"status":null,"createdAt":null}`,
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				ns := c.Namespace(t)
				s := open(t, c.Config(), ns, kind)
				must(t, s.Create(key("1"), mock("web", 1, release.StatusSuperseded)))
				must(t, s.Create(key("2"), mock("web", 2, release.StatusDeployed)))
				must(t, s.Create("sh.helm.release.v1.web.v2.v3", mock("web.v2", 3, release.StatusDeployed)))
				patchLabels(t, c, ns, kind, key("2"), labels)
				patchLabels(t, c, ns, kind, "sh.helm.release.v1.web.v2.v3", `{"name":null}`)

				releases, err := s.ReleasesIn(t.Context())
				if err != nil || !slices.Equal(names(releases), []string{"web", "web.v2"}) {
					t.Errorf("releases %v, %v", releases, err)
				}
				records, err := s.Revisions(t.Context(), "web")
				must(t, err)
				if len(records) != 2 || records[0].Hidden || !records[1].Hidden || records[1].Revision != 2 {
					t.Fatalf("records %+v", records)
				}
				if err := s.Create(key("2"), mock("web", 2, release.StatusPendingUpgrade)); !isTaken(err) {
					t.Errorf("a create over it: %v", err)
				}
				loaded, err := s.Load(t.Context(), &records[1])
				must(t, err)
				stale, err := s.Load(t.Context(), &records[1])
				must(t, err)
				must(t, s.Relabel(t.Context(), loaded))
				wrote := len(s.Audit())
				must(t, s.Relabel(t.Context(), loaded)) // nothing is left to do
				if len(s.Audit()) != wrote {
					t.Error("the second time wrote again")
				}
				patchLabels(t, c, ns, kind, key("2"), `{"status":"failed"}`)
				if err := s.Relabel(t.Context(), stale); !errors.Is(err, facts.ErrChanged) {
					t.Errorf("a stale repair: %v", err)
				}
				found, err := s.Query(map[string]string{"name": "web", "owner": "helm", "status": "failed", "version": "2"})
				if err != nil || len(found) != 1 {
					t.Errorf("Helm finds %d: %v", len(found), err)
				}
			})
		}
	}
}

func isTaken(err error) bool {
	_, taken := errors.AsType[*TakenError](err)
	return taken && problem.Of(err).Reason == problem.RecordUnreadable
}

// Settle gives the labels back too, whichever are missing.
func TestSettleRestoresTheLabels(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusPendingInstall)))
	patchLabels(t, c, ns, Secrets, key("1"), `{"name":null,"owner":null,"version":null,"status":"deployed"}`)
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[0])
	must(t, err)
	must(t, s.Settle(t.Context(), loaded, facts.StatusFailed, "unlocked"))
	found, err := s.Query(map[string]string{"name": "web", "owner": "helm", "status": "failed", "version": "1"})
	if err != nil || len(found) != 1 {
		t.Errorf("Helm finds %d: %v", len(found), err)
	}
}

// What a chart labels "name" itself is no record, and neither are others'.
func TestConfigMapsThatAreNoRecords(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, ConfigMaps)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	for name, labels := range map[string]map[string]string{
		"settings": {"name": "web"}, "plain": nil, key("x"): nil, key("9"): {"app.kubernetes.io/managed-by": "Helm"},
	} {
		_, err := c.Client().CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
		must(t, err)
	}
	records, err := s.Revisions(t.Context(), "web")
	if err != nil || len(records) != 1 {
		t.Errorf("records %+v, %v", records, err)
	}
	if found, err := s.ReleasesIn(t.Context()); err != nil || !slices.Equal(names(found), []string{"web"}) {
		t.Errorf("releases %v, %v", found, err)
	}
}

// Helm goes by the payload, and would write to the record of that name.
func TestAPayloadUnderAnotherName(t *testing.T) {
	c := kubetest.Connect(t)
	s := open(t, c.Config(), c.Namespace(t), Secrets)
	must(t, s.Create(key("3"), mock("web", 2, release.StatusDeployed)))
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[0])
	if err != nil || records[0].Revision != 3 || records[0].DecodeError == "" {
		t.Fatalf("loaded %+v, %v", records[0], err)
	}
	if err := s.Relabel(t.Context(), loaded); problem.Of(err).Reason != problem.Foreign {
		t.Errorf("relabelled: %v", err)
	}
}
