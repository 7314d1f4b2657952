//go:build cluster

package helm_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

var twoMaps = map[string]string{"templates/all.yaml": configMap("one") + "---\n" + configMap("two")}

// put creates a ConfigMap that names a release as its owner, or none for "".
func (s *stage) put(name, namespace, release string) {
	s.t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"text": "old"}}
	if release != "" {
		cm.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
		cm.Annotations = map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
	}
	if _, err := s.Client().CoreV1().ConfigMaps(s.namespace).Create(s.t.Context(), cm, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) get(name string) *corev1.ConfigMap {
	s.t.Helper()
	cm, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return cm
}

// T57: the records are gone, the objects still name the release.
func TestInstallAdoptsItsOwn(t *testing.T) {
	s := asDeployer(t)
	s.put("one", s.namespace, "web")
	o := s.releases("web", twoMaps).Perform(t.Context(), facts.ModeInstall, nil)
	if o.Err != nil || !o.Applied || !slices.Equal(o.Adopted, []string{"ConfigMap/one"}) || len(o.Taken) > 0 {
		t.Fatalf("outcome %+v", o)
	}
	if got := s.get("one").Data["text"]; got != "chart" {
		t.Errorf("it was not brought to the manifest: %q", got)
	}
}

// The release that the objects name has no record.
func TestTakeOverFromAReleaseThatIsNoMore(t *testing.T) {
	s := asAdmin(t)
	s.put("one", s.namespace, "past")
	s.put("two", s.namespace, "gone")
	before := s.get("one").UID
	o := s.releases("web", twoMaps).Perform(t.Context(), facts.ModeInstall, nil)
	want := []string{"ConfigMap/one", "ConfigMap/two"}
	if o.Err != nil || !o.Applied || !slices.Equal(o.Taken, want) || len(o.Adopted) > 0 {
		t.Fatalf("outcome %+v", o)
	}
	one := s.get("one")
	if one.UID != before || one.Annotations["meta.helm.sh/release-name"] != "web" || one.Data["text"] != "chart" ||
		one.Annotations["berth.dev/taken-over-from"] != s.namespace+"/past" {
		t.Errorf("it became %+v", one)
	}
}

// An upgrade takes over as well, and an object of ours that has lost its label.
func TestTakeOverOnUpgrade(t *testing.T) {
	s := asDeployer(t)
	if o := s.releases("web", map[string]string{"templates/all.yaml": configMap("zero")}).Perform(t.Context(), facts.ModeInstall,
		nil); o.Err != nil {
		t.Fatal(o.Err)
	}
	s.put("one", s.namespace, "past")
	s.put("two", s.namespace, "web")
	two := s.get("two")
	two.Labels = nil
	if _, err := s.Client().CoreV1().ConfigMaps(s.namespace).Update(t.Context(), two, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	o := s.releases("web", twoMaps).Perform(t.Context(), facts.ModeUpgrade, nil)
	if o.Err != nil || o.Revision != 2 || len(o.Taken) != 2 {
		t.Fatalf("outcome %+v", o)
	}
}

// T58: nothing is written where the owner of one object exists, cannot be looked up,
// or is not named.
func TestTakeOverIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		namespace, release, says string
	}{
		"the owner lives":               {"", "other", "belongs to release "},
		"the owner cannot be asked for": {"kube-system", "past", "whether that still exists cannot be told"},
		"the owner was elsewhere":       {"a-namespace-that-was", "past", "whether that still exists cannot be told"},
		"nobody is named":               {"", "", "names no release as its owner"},
	} {
		t.Run(name, func(t *testing.T) {
			s := asDeployer(t)
			if o := s.releases("other", map[string]string{"templates/all.yaml": configMap("zero")}).Perform(t.Context(), facts.ModeInstall,
				nil); o.Err != nil {
				t.Fatal(o.Err)
			}
			if c.namespace == "" {
				c.namespace = s.namespace
			}
			s.put("one", s.namespace, "past")
			s.put("two", c.namespace, c.release)
			o := s.releases("web", twoMaps).Perform(t.Context(), facts.ModeInstall, nil)
			ends(t, o, problem.Foreign, s.namespace+"/ConfigMap/two", c.says)
			if len(o.Phases) == 0 {
				t.Error("it does not tell what the time went to")
			}
			if owner := s.get("one").Annotations["meta.helm.sh/release-name"]; owner != "past" || s.get("two").Data["text"] != "old" ||
				s.stored() != 1 {
				t.Errorf("something was touched: one belongs to %q, %d records", owner, s.stored())
			}
		})
	}
}
