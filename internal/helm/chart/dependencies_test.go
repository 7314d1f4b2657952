package chart

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/berth-dev/berth/internal/problem"
)

func dependency(name, version, repository string) string {
	return "- {name: " + name + ", version: \"" + version + "\", repository: \"" + repository + "\"}"
}

// names lists the dependencies that the archive holds, with their versions.
func names(t *testing.T, a *Archive) []string {
	t.Helper()
	c, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, dep := range c.Dependencies() {
		have = append(have, dep.Name()+" "+dep.Metadata.Version)
	}
	slices.Sort(have)
	return have
}

func TestDependenciesAreBuiltInACopy(t *testing.T) {
	server := repository(t, false, "cache 1.0.0", "cache 1.4.0", "cache 2.0.0")
	oci := ociRegistry(t, false, "queue", map[string][]byte{"0.3.0": readFile(t, packed(t, t.TempDir(), "queue", "0.3.0"))})
	checkout := t.TempDir()
	chartFolder(t, filepath.Join(checkout, "libs/common"), "common", "0.1.0")
	chartFolder(t, filepath.Join(checkout, "absolute"), "absolute", "0.2.0")
	if err := os.Mkdir(filepath.Join(checkout, ".git"), 0o700); err != nil { // else a path from / leads out of it
		t.Fatal(err)
	}
	web := chartFolder(t, filepath.Join(checkout, "charts/web"), "web", "1.0.0", "dependencies:",
		dependency("cache", "^1.0.0", server.URL),
		dependency("queue", "0.3.0", oci),
		dependency("common", "0.1.0", "file://../../libs/common"),
		dependency("absolute", "0.2.0", "file://"+filepath.Join(checkout, "absolute")),
		dependency("inner", "0.5.0", "file://parts/inner"),
		dependency("vendored", "0.4.0", ""))
	chartFolder(t, filepath.Join(web, "parts/inner"), "inner", "0.5.0")
	chartFolder(t, filepath.Join(web, "charts/vendored"), "vendored", "0.4.0")

	before := snapshot(t, checkout)
	cache := t.TempDir()
	want := []string{"absolute 0.2.0", "cache 1.4.0", "common 0.1.0", "inner 0.5.0", "queue 0.3.0", "vendored 0.4.0"}
	var logged []string
	a, err := Fetch(t.Context(),
		Source{Chart: web, CacheDir: cache, Log: func(_ string, args ...any) { logged = append(logged, args[0].(string)) }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, names(t, a)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, snapshot(t, checkout)); diff != "" {
		t.Errorf("the user's checkout changed: %s", diff)
	}
	if left := snapshot(t, cache); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if !slices.ContainsFunc(logged, func(line string) bool { return strings.Contains(line, "Downloading cache") }) {
		t.Errorf("what Helm printed is lost: %q", logged)
	}

	// As a relative path, from where a CI job stands.
	t.Chdir(checkout)
	again, err := Fetch(t.Context(), Source{Chart: "charts/web", CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest != a.Digest {
		t.Error("the same content has two digests")
	}
}

func TestDependenciesFollowTheLock(t *testing.T) {
	published := t.TempDir()
	publish(t, published, "cache 1.0.0")
	server := serve(t, http.FileServer(http.Dir(published)))
	web := chartFolder(t, "", "web", "1.0.0", "dependencies:", dependency("cache", "^1.0.0", server.URL))
	a, err := Fetch(t.Context(), Source{Chart: web, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.files {
		if f.Name == "Chart.lock" {
			write(t, web, map[string]string{f.Name: string(f.Data)})
		}
	}

	publish(t, published, "cache 1.4.0")
	a, err = Fetch(t.Context(), Source{Chart: web, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cache 1.0.0"}, names(t, a)); diff != "" {
		t.Error(diff)
	}

	// A lock that no longer fits Chart.yaml is refused, as Helm refuses it.
	write(t, web, map[string]string{"Chart.yaml": metadata("web", "1.0.0", "dependencies:", dependency("cache", "1.4.0", server.URL))})
	_, err = Fetch(t.Context(), Source{Chart: web, CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, "out of sync", "helm dependency update")
}

// What a lock names is built, so it names what Chart.yaml does: its checksum proves nothing.
func TestLockOfOtherDependencies(t *testing.T) {
	wanted := []*helmchart.Dependency{{Name: "lib", Version: "1.x", Repository: "file://../lib"}}
	for name, tt := range map[string]struct {
		locked  []*helmchart.Dependency
		refused bool
	}{
		"the same":         {[]*helmchart.Dependency{{Name: "lib", Version: "1.0.0", Repository: "file://../lib"}}, false},
		"another place":    {[]*helmchart.Dependency{{Name: "lib", Version: "1.0.0", Repository: "file:///elsewhere/lib"}}, true},
		"another name":     {[]*helmchart.Dependency{{Name: "../../lib", Version: "1.0.0", Repository: "file://../lib"}}, true},
		"without a place":  {[]*helmchart.Dependency{{Name: "lib", Version: "1.0.0"}}, true},
		"one more":         {append([]*helmchart.Dependency{{Name: "more", Repository: "file:///more"}}, wanted...), true},
		"one that is none": {[]*helmchart.Dependency{nil}, true},
		"none":             {nil, true},
	} {
		c := &helmchart.Chart{Metadata: &helmchart.Metadata{Dependencies: wanted}, Lock: &helmchart.Lock{Dependencies: tt.locked}}
		if err := checkLock(c); (err != nil) != tt.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVendoredDependenciesNeedNoNetwork(t *testing.T) {
	web := chartFolder(t, "", "web", "1.0.0", "dependencies:", dependency("cache", "^1.0.0", "http://127.0.0.1:1"))
	if err := os.Mkdir(filepath.Join(web, "charts"), 0o755); err != nil {
		t.Fatal(err)
	}
	packed(t, filepath.Join(web, "charts"), "cache", "1.2.0")
	a, err := Fetch(t.Context(), Source{Chart: web, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cache 1.2.0"}, names(t, a)); diff != "" {
		t.Error(diff)
	}
	_, err = Fetch(t.Context(), Source{Chart: web, CacheDir: t.TempDir(), DependencyUpdate: new(true)})
	wantProblem(t, err, problem.ChartInvalid, "http://127.0.0.1:1", "dependencies of the chart web")
}

func TestDependenciesRefused(t *testing.T) {
	private := repository(t, true, "cache 1.0.0")
	for name, c := range map[string]struct {
		dep    string
		update *bool
		login  bool
		ending problem.ExitReason
		parts  []string
	}{
		"not wanted": {dependency("cache", "1.0.0", private.URL), new(false), false, problem.ChartInvalid,
			[]string{"cache", "dependency-update"}},
		"alias":         {dependency("cache", "1.0.0", "@stable"), nil, false, problem.ChartInvalid, []string{"@stable", "URL"}},
		"no repository": {dependency("cache", "1.0.0", ""), nil, false, problem.ChartInvalid, []string{"cache", "charts/"}},
		"no such folder": {dependency("cache", "1.0.0", "file://../nowhere"), nil, false, problem.ChartInvalid,
			[]string{"nowhere", "file://"}},
		"above the root": {dependency("cache", "1.0.0", "file://"+strings.Repeat("../", 40)+"tmp"), nil, false, problem.ChartInvalid,
			[]string{"above the root"}},
		"no credentials": {dependency("cache", "1.0.0", private.URL), nil, false, problem.ChartInvalid, []string{"401"}},
		"credentials inside": {dependency("cache", "1.0.0", "https://"+user+":"+password+"@charts.invalid"), nil, false, problem.ChartInvalid,
			[]string{"credentials", "registry-username"}},
		"no such version": {dependency("cache", "9.0.0", private.URL), nil, true, problem.ChartInvalid, []string{"cache", "9.0.0"}},
		"a host that nobody named": {dependency("cache", "1.0.0", private.URL) + "\n" + dependency("queue", "1.0.0", "oci://localhost:1/charts"),
			nil, true, problem.ChartInvalid, []string{"localhost:1", "registry-host", "registry-config"}},
	} {
		t.Run(name, func(t *testing.T) {
			web := chartFolder(t, "", "web", "1.0.0", "dependencies:", c.dep)
			before := snapshot(t, web)
			s := Source{Chart: web, DependencyUpdate: c.update, CacheDir: t.TempDir()}
			if c.login {
				s.Username, s.Password, s.RegistryHosts = user, password, []string{host(private)}
			}
			_, err := Fetch(t.Context(), s)
			wantProblem(t, err, c.ending, c.parts...)
			if strings.Contains(err.Error(), s.CacheDir) {
				t.Errorf("the error speaks of a folder that is gone: %v", err)
			}
			if diff := cmp.Diff(before, snapshot(t, web)); diff != "" {
				t.Errorf("the user's folder changed: %s", diff)
			}
		})
	}

	web := chartFolder(t, "", "web", "1.0.0", "dependencies:", dependency("cache", "1.0.0", private.URL))
	a, err := Fetch(t.Context(),
		Source{Chart: web, Username: user, Password: password, RegistryHosts: []string{host(private)}, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cache 1.0.0"}, names(t, a)); diff != "" {
		t.Error(diff)
	}
}
