//go:build cluster

package e2e

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/kubetest"
)

// TestDeployOfAChartFrom deploys one chart from each place that charts come
// from, as revisions of one release.
func TestDeployOfAChartFrom(t *testing.T) {
	s := newFixture(t)
	tgz, repository := s.repository()
	for _, c := range []struct {
		from  string
		flags []string
		chart string
	}{
		{"a folder", []string{"--chart", "testdata/small"}, "small-0.1.0"},
		{"a file", []string{"--chart", tgz}, "small-0.1.0"},
		{"a repository", []string{"--chart", "small", "--repo", repository, "--version", "^0.1.0"}, "small-0.1.0"},
		{"a registry", []string{"--chart", registry(t, tgz), "--version", "0.1.0"}, "small-0.1.0"},
		{"a folder with a dependency that is not vendored", []string{"--chart", "testdata/umbrella", "--renamed-from", "small"},
			"umbrella-0.2.0"},
	} {
		e := s.berth("deploy", c.flags...)
		if e.code != 0 || e.text("chart") != c.chart {
			t.Errorf("from %s: exit code %d, chart %q; it said:\n%s", c.from, e.code, e.text("chart"), e.stdout)
		}
	}
	if got := s.statuses(); len(got) != 5 || got[5] != "deployed" {
		t.Errorf("stored is %v, want 5 revisions", got)
	}
	if _, err := os.Stat("testdata/umbrella/charts"); err == nil {
		t.Error("the dependency was put into the user's folder")
	}
	s.helmReads("deployed")
}

// repository packs the chart as Helm does and serves it.
func (s *fixture) repository() (tgz, url string) {
	s.t.Helper()
	dir := s.t.TempDir()
	for _, args := range [][]string{{"package", "testdata/small", "--destination", dir}, {"repo", "index", dir}} {
		if out, errs, code := s.helm(kubetest.Helm(s.t, 3), args...); code != 0 {
			s.t.Fatalf("helm %v: %s%s", args, out, errs)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	s.t.Cleanup(server.Close)
	return filepath.Join(dir, "small-0.1.0.tgz"), server.URL
}

// registry serves a packed chart as the distribution specification has it for
// pulls, and gives its reference.
func registry(t *testing.T, tgz string) string {
	t.Helper()
	layer, err := os.ReadFile(tgz)
	if err != nil {
		t.Fatal(err)
	}
	descriptor := func(mediaType string, data []byte) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digest(data), len(data))
	}
	config := []byte(`{"name":"small","version":"0.1.0","apiVersion":"v2"}`)
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]}`, manifestType,
		descriptor("application/vnd.cncf.helm.config.v1+json", config),
		descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what, ok := strings.CutPrefix(r.URL.Path, "/v2/charts/small/")
		kind, ref, _ := strings.Cut(what, "/")
		data := map[string][]byte{
			"tags list": []byte(`{"name":"charts/small","tags":["0.1.0"]}`), "manifests 0.1.0": manifest,
			"manifests " + digest(manifest): manifest, "blobs " + digest(config): config, "blobs " + digest(layer): layer,
		}[kind+" "+ref]
		if !ok || data == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", map[string]string{"manifests": manifestType, "tags": "application/json"}[kind])
		w.Header().Set("Docker-Content-Digest", digest(data))
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	return "oci://" + strings.TrimPrefix(server.URL, "http://") + "/charts/small"
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// chartFolder is a chart with one template.
func chartFolder(t *testing.T, metadata, template string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: odd\nversion: 1.0.0\n" + metadata, "templates/odd.yaml": template,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A chart that cannot be deployed is found out before the namespace is made.
func TestDeployRefusesAChart(t *testing.T) {
	const good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\n"
	s := newAdminFixture(t)
	_, repository := s.repository()
	for _, c := range []struct {
		why   string
		flags []string
		says  []string
	}{
		{"does not render", []string{"--set", "broken=true"}, []string{"small/templates/app.yaml:36", "this chart was told to break"}},
		{"misses its schema", []string{"--set", "replicas=two", "--set", "greeting=7"},
			[]string{"replicas: expected integer, got string", "greeting: expected string, got number"}},
		{"is below its schema's minimum", []string{"--set", "replicas=0"}, []string{"replicas: minimum is 1"}},
		{"is no YAML", []string{"--chart", chartFolder(t, "", "kind: ConfigMap\n  metadata: [")}, []string{"odd/templates/odd.yaml", "line 2"}},
		{"is no template", []string{"--chart", chartFolder(t, "", good+"{{ if }}")}, []string{"odd/templates/odd.yaml:4"}},
		{"has no kind", []string{"--chart", chartFolder(t, "", "apiVersion: v1\n")}, []string{"odd/templates/odd.yaml", "no kind"}},
		{"is a library", []string{"--chart", chartFolder(t, "type: library\n", good)}, []string{"library"}},
		{"wants another Kubernetes", []string{"--chart", chartFolder(t, "kubeVersion: <1.20.0\n", good)},
			[]string{"it wants Kubernetes <1.20.0 and the cluster has v1."}},
		{"is no chart", []string{"--chart", "testdata"}, []string{"Chart.yaml"}},
		{"is not in the repository", []string{"--chart", "small", "--repo", repository, "--version", "9.9.9"}, []string{"9.9.9", "0.1.0"}},
		{"lacks a dependency", []string{"--chart", "testdata/umbrella", "--dependency-update=false"}, []string{"small", "dependency-update"}},
	} {
		e := s.berth("deploy", c.flags...)
		if e.code != 30 {
			t.Errorf("a chart that %s: exit code %d, want 30; it said:\n%s", c.why, e.code, e.stdout)
		}
		e.says(t, c.says...)
	}
	s.berth("deploy", "--chart", "./nowhere").exit(t, 64).says(t, "./nowhere", "there is a chart in ./testdata/small")
	if !s.namespaceGone() {
		t.Error("the namespace was made")
	}
}

func TestDeployRefusesAChartOnUpgrade(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	s.berth("deploy", "--set", "broken=true").exit(t, 30)
	unknown := chartFolder(t, "", "apiVersion: example.com/v1\nkind: Unheard\nmetadata: {name: odd}\n")
	s.berth("deploy", "--chart", unknown, "--renamed-from", "small").exit(t, 30).says(t, "Unheard")
	if got := s.statuses(); len(got) != 1 || got[1] != "deployed" {
		t.Errorf("stored is %v, want revision 1 alone", got)
	}
	s.helmReads("deployed")
}
