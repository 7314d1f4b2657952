package chart

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/berth-dev/berth/internal/problem"
)

const (
	user     = "robot"
	password = "hunter2-very-secret"
)

// refused is the error alone of a chart that was rendered.
func refused(_ []*release.Hook, err error) error { return err }

// write puts files into a new folder, or into dir when one is given.
func write(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// metadata returns a Chart.yaml, with more lines.
func metadata(name, version string, more ...string) string {
	return fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n%s\n", name, version, strings.Join(more, "\n"))
}

func configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

// chartFolder writes a chart with one ConfigMap and returns its folder.
func chartFolder(t *testing.T, dir, name, version string, more ...string) string {
	t.Helper()
	return write(t, dir, map[string]string{
		"Chart.yaml":        metadata(name, version, more...),
		"values.yaml":       "color: blue\n",
		"templates/cm.yaml": configMap("{{ .Release.Name }}-" + name),
	})
}

// packed returns the path of a chart as `helm package` makes it.
func packed(t *testing.T, to, name, version string) string {
	t.Helper()
	c, err := loader.LoadDir(chartFolder(t, "", name, version))
	if err != nil {
		t.Fatal(err)
	}
	file, err := chartutil.Save(c, to)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// repository serves charts ("name version") and their index.
func repository(t *testing.T, guarded bool, charts ...string) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	publish(t, dir, charts...)
	return serve(t, guard(guarded, http.FileServer(http.Dir(dir))))
}

// publish adds charts to a repository's folder.
func publish(t *testing.T, dir string, charts ...string) {
	t.Helper()
	for _, c := range charts {
		name, version, _ := strings.Cut(c, " ")
		packed(t, dir, name, version)
	}
	index, err := repo.IndexDirectory(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	index.SortEntries()
	if err := index.WriteFile(filepath.Join(dir, "index.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// guard refuses requests without the test's user and password, if guarded.
func guard(guarded bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, pass, _ := r.BasicAuth(); guarded && (name != user || pass != password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ociRegistry serves charts (tag → archive) of one repository, charts/<name>,
// as the distribution specification has it for pulls. It gives oci://host:port/charts.
func ociRegistry(t *testing.T, guarded bool, name string, tags map[string][]byte) string {
	t.Helper()
	server := serve(t, guard(guarded, ociCharts(name, tags)))
	return "oci://" + host(server) + "/charts"
}

func host(server *httptest.Server) string { return server.Listener.Addr().String() }

// ociCharts answers for the charts of a registry.
func ociCharts(name string, tags map[string][]byte) http.Handler {
	blobs, manifests := map[string][]byte{}, map[string][]byte{}
	blob := func(data []byte) string {
		sum := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
		blobs[sum] = data
		return sum
	}
	var list []string
	for tag, data := range tags {
		config := []byte(fmt.Sprintf(`{"name":%q,"version":%q,"apiVersion":"v2"}`, name, tag))
		manifest := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
			registry.ConfigMediaType, blob(config), len(config), registry.ChartLayerMediaType, blob(data), len(data)))
		manifests[tag], manifests[blob(manifest)] = manifest, manifest
		list = append(list, fmt.Sprintf("%q", tag))
	}
	mux := http.NewServeMux()
	base := "/v2/charts/" + name
	mux.HandleFunc("GET "+base+"/tags/list", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"name":"charts/%s","tags":[%s]}`, name, strings.Join(list, ","))
	})
	send := func(from map[string][]byte, mediaType string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			data, found := from[r.PathValue("ref")]
			if !found {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256(data)))
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data)
		}
	}
	mux.HandleFunc("GET "+base+"/manifests/{ref}", send(manifests, "application/vnd.oci.image.manifest.v1+json"))
	mux.HandleFunc("GET "+base+"/blobs/{ref}", send(blobs, "application/octet-stream"))
	return mux
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// snapshot returns every path below dir with its content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			seen[path] = "folder"
			return err
		}
		seen[path] = string(readFile(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// wantProblem fails the test unless err is a Problem with this reason which
// contains the parts, says what to do next and holds no secret.
func wantProblem(t *testing.T, err error, reason problem.ExitReason, parts ...string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	if p.Reason != reason {
		t.Errorf("the reason is %s, want %s: %v", p.Reason, reason, p)
	}
	if p.Next == "" && reason != problem.Interrupted {
		t.Errorf("nothing is said of what to do next: %v", p)
	}
	all := p.Error() + " → " + p.Next
	for _, part := range parts {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not in %q", part, all)
		}
	}
	for _, secret := range []string{password, user + ":"} {
		if strings.Contains(all, secret) {
			t.Errorf("a secret is in %q", all)
		}
	}
	if len([]rune(all)) > 2*maxText {
		t.Errorf("%d characters are too many: %q", len(all), all)
	}
}
