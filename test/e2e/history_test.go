//go:build cluster

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A history of ten revisions of a large chart is megabytes. An upgrade takes
// what it goes by from it, so that it costs what one over one revision costs.
func TestAnUpgradeDoesNotReadTheHistory(t *testing.T) {
	for kind, object := range map[string]string{"secret": "ConfigMap", "configmap": "Secret"} {
		t.Run(kind, func(t *testing.T) {
			s := newAdminFixture(t)
			s.env = map[string]string{"HELM_DRIVER": kind}
			s.chart = manyObjects(t, object, 300)
			s.berth("deploy").exit(t, 0)
			resource := kind + "s"
			young := s.berth("deploy", "--max-history", "20").exit(t, 0).checksHold(t).traffic(t, resource)
			size := s.pretend(t, kind, 10)
			old := s.berth("deploy", "--max-history", "20").exit(t, 0).checksHold(t).traffic(t, resource)
			t.Logf("a record takes %d bytes; over 1 revision: %v; over 10: %v", size, young, old)
			if old["get"].count != young["get"].count {
				t.Errorf("%v payloads were fetched over 10 revisions, %v over 1", old["get"].count, young["get"].count)
			}
			if more := total(old) - total(young); more > size {
				t.Errorf("over 10 revisions %v bytes more were received, a record takes %d", more, size)
			}
			full := s.berth("deploy", "--max-history", "11").exit(t, 0).traffic(t, resource)
			if more := total(full) - total(young); more > size {
				t.Errorf("with pruning %v bytes more were received, a record takes %d", more, size)
			}
		})
	}
}

// manyObjects is a chart of so many objects whose data changes with every
// revision and does not compress.
func manyObjects(t *testing.T, kind string, n int) string {
	t.Helper()
	dir := t.TempDir()
	template := fmt.Sprintf(`{{- range $i := until %d }}
---
apiVersion: v1
kind: %s
metadata: {name: part-{{ $i }}}
data:
  {{- range $j := until 4 }}
  text-{{ $j }}: {{ printf "%%d-%%d-%%d" $i $j $.Release.Revision | sha256sum | b64enc }}
  {{- end }}
{{- end }}
`, n, kind)
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: parts\nversion: 1.0.0\n", "templates/parts.yaml": template,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pretend fills the history up to so many revisions with copies of the last
// one, as Helm stores them, and says how long one is.
func (s *fixture) pretend(t *testing.T, kind string, revisions int) (size int) {
	t.Helper()
	core := s.Client().CoreV1()
	var records driver.Driver = driver.NewSecrets(core.Secrets(s.namespace))
	if kind == "configmap" {
		records = driver.NewConfigMaps(core.ConfigMaps(s.namespace))
	}
	key := func(revision int) string { return "sh.helm.release.v1." + s.release + ".v" + strconv.Itoa(revision) }
	last, err := records.Get(key(2))
	if err != nil {
		t.Fatal(err)
	}
	for revision := 3; revision <= revisions; revision++ {
		last.Info.Status = release.StatusSuperseded
		if err := records.Update(key(revision-1), last); err != nil {
			t.Fatal(err)
		}
		last.Version, last.Info.Status = revision, release.StatusDeployed
		if err := records.Create(key(revision), last); err != nil {
			t.Fatal(err)
		}
	}
	return len(s.payload(t, kind, key(revisions)))
}

// payload is what a record's object holds, as it goes over the wire.
func (s *fixture) payload(t *testing.T, kind, key string) string {
	t.Helper()
	if kind == "configmap" {
		m, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(t.Context(), key, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m.Data["release"]
	}
	secret, err := s.Client().CoreV1().Secrets(s.namespace).Get(t.Context(), key, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(secret.Data["release"])
}

// requests are those of one verb.
type requests struct{ count, received int }

// traffic is what the report counts for a resource, by verb.
func (e ended) traffic(t *testing.T, resource string) map[string]requests {
	t.Helper()
	all, _ := e.report["requests"].([]any)
	found := map[string]requests{}
	for _, r := range all {
		one, _ := r.(map[string]any)
		verb, _ := one["verb"].(string)
		if one["resource"] == resource {
			count, _ := one["count"].(float64)
			received, _ := one["receivedBytes"].(float64)
			found[verb] = requests{int(count), int(received)}
		}
	}
	if len(found) == 0 {
		t.Fatalf("the report counts no requests for %s", resource)
	}
	return found
}

func total(traffic map[string]requests) (received int) {
	for _, r := range traffic {
		received += r.received
	}
	return received
}
