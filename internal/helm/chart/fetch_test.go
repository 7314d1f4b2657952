package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/berth-dev/berth/internal/problem"
)

func TestFetchFolderAndArchive(t *testing.T) {
	folder := chartFolder(t, "", "web", "1.2.3")
	before := snapshot(t, folder)
	cache := t.TempDir()
	a, err := Fetch(t.Context(), Source{Chart: folder, CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "web" || a.Version != "1.2.3" || !strings.HasPrefix(a.Digest, "sha256:") {
		t.Errorf("got %s %s %s", a.Name, a.Version, a.Digest)
	}
	if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
		t.Errorf("the user's folder changed: %s", diff)
	}
	if left := snapshot(t, cache); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}

	// Two loads share nothing that Helm changes.
	one, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	one.Values["color"] = "red"
	one.Templates = nil
	two, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	if two.Values["color"] != "blue" || len(two.Templates) != 1 {
		t.Errorf("the second load sees the first: %v", two.Values)
	}

	tgz, err := Fetch(t.Context(), Source{Chart: packed(t, t.TempDir(), "web", "1.2.3"), Version: "^1.0.0", CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	if tgz.Name != "web" || tgz.Version != "1.2.3" {
		t.Errorf("got %s %s", tgz.Name, tgz.Version)
	}
}

func TestFetchNeedsNoHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "DOCKER_CONFIG"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	base := ociRegistry(t, false, "web", map[string][]byte{"1.0.0": readFile(t, packed(t, t.TempDir(), "web", "1.0.0"))})
	if _, err := Fetch(t.Context(), Source{Chart: base + "/web", Version: "1.0.0", CacheDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
}

func TestFetchRefuses(t *testing.T) {
	folder := chartFolder(t, "", "web", "1.2.3")
	notChart := write(t, "", map[string]string{"readme.md": "hello", "fake.tgz": "no archive"})
	for name, c := range map[string]struct {
		source Source
		ending problem.ExitReason
		parts  []string
	}{
		"nothing":           {Source{}, problem.WrongInput, []string{"no chart"}},
		"half of the login": {Source{Chart: folder, Username: user}, problem.WrongInput, []string{"registry-password"}},
		"repo and a path":   {Source{Chart: "./web", Repo: "https://charts.example.com"}, problem.WrongInput, []string{"repo"}},
		"repo by alias":     {Source{Chart: "web", Repo: "stable"}, problem.WrongInput, []string{"helm repo add", "URL"}},
		"credentials in an URL": {Source{Chart: "web", Repo: "https://" + user + ":" + password + "@charts.example.com"}, problem.WrongInput,
			[]string{"repo", "registry-username"}},
		"no host":                {Source{Chart: "oci://"}, problem.WrongInput, []string{"oci://host"}},
		"missing folder":         {Source{Chart: "./nowhere"}, problem.ChartInvalid, []string{"./nowhere", "checked out"}},
		"chart by alias":         {Source{Chart: "stable/web"}, problem.ChartInvalid, []string{"stable/web", "repo", "helm repo add"}},
		"a folder, but no chart": {Source{Chart: notChart}, problem.ChartInvalid, []string{"Chart.yaml file is missing"}},
		"a file, but no archive": {Source{Chart: filepath.Join(notChart, "fake.tgz")}, problem.ChartInvalid,
			[]string{"fake.tgz", "helm package"}},
		"another version": {Source{Chart: folder, Version: "2.0.0"}, problem.WrongInput, []string{"2.0.0", "1.2.3"}},
		"missing CA": {Source{Chart: "oci://localhost:1/web", CAFile: "/nowhere/ca.pem"}, problem.WrongInput,
			[]string{"/nowhere/ca.pem"}},
		"missing configuration": {Source{Chart: "oci://localhost:1/web", RegistryConfig: "/nowhere/config.json"}, problem.WrongInput,
			[]string{"/nowhere/config.json"}},
		"control characters": {Source{Chart: "./no\nwhere\x1b[31m"}, problem.ChartInvalid, []string{"no where"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.source.CacheDir = t.TempDir()
			_, err := Fetch(t.Context(), c.source)
			wantProblem(t, err, c.ending, c.parts...)
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("control characters in %q", err)
			}
		})
	}
}

func TestDigestIsTheContents(t *testing.T) {
	tgz := func() []byte { return readFile(t, packed(t, t.TempDir(), "dep", "1.0.0")) }
	files := func(more ...*loader.BufferedFile) []*loader.BufferedFile {
		return append([]*loader.BufferedFile{
			{Name: "values.yaml", Data: []byte("a: b")},
			{Name: "Chart.yaml", Data: []byte("name: x")},
		}, more...)
	}
	want := digest(files(&loader.BufferedFile{Name: "charts/dep-1.0.0.tgz", Data: tgz()}))
	again := files(&loader.BufferedFile{Name: "Chart.lock", Data: []byte("generated: now")},
		&loader.BufferedFile{Name: "charts/dep-1.0.0.tgz", Data: tgz()})
	if got := digest(again); got != want {
		t.Errorf("a packaging time or a lock file changed the digest: %s, %s", got, want)
	}
	if got := digest(files()); got == want {
		t.Error("a dependency does not count")
	}
}

// What Helm 3 and Helm 4 read in two ways is refused, in dependencies as well.
func TestFetchRefusesFormsThatHelmReadsInTwoWays(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"web/Chart.yaml has the apiVersion \"v3\"": {"Chart.yaml": "apiVersion: v3\nname: web\nversion: 1.0.0\n"},
		"web/charts/cache/Chart.yaml has the apiVersion \"v3\"": {
			"Chart.yaml": metadata("web", "1.0.0"), "charts/cache/Chart.yaml": "apiVersion: v3\nname: cache\nversion: 1.0.0\n"},
		"web/values.yaml: line 3 begins": {"Chart.yaml": metadata("web", "1.0.0"), "values.yaml": "a: 1\n---\nb: 2\n"},
		"web/charts/cache/values.yaml: line 3 begins": {
			"Chart.yaml": metadata("web", "1.0.0"), "charts/cache/Chart.yaml": metadata("cache", "1.0.0"),
			"charts/cache/values.yaml": "a: 1\n---\nb: 2\n"},
	} {
		_, err := Fetch(t.Context(), Source{Chart: write(t, "", files), CacheDir: t.TempDir()})
		wantProblem(t, err, problem.ChartInvalid, name)
	}
	old := write(t, "", map[string]string{"Chart.yaml": "name: web\nversion: 1.0.0\n", "values.yaml": "---\na: 1\n---\n"})
	if _, err := Fetch(t.Context(), Source{Chart: old, CacheDir: t.TempDir()}); err != nil {
		t.Errorf("a chart without apiVersion is of v1: %v", err)
	}
}
