//go:build lint

package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A page that names a Go file names one that exists. Words in capitals stand for
// a name that the reader chooses.
func TestDocsNameFilesThatExist(t *testing.T) {
	listed, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files", "--cached", "--others", "--exclude-standard",
		"*.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(listed))
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9_/]+\\.go)`")
	found := 0
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			found++
			ends := func(file string) bool { return file == match[1] || strings.HasSuffix(file, "/"+match[1]) }
			if !slices.ContainsFunc(files, ends) {
				t.Errorf("%s names %s, which does not exist", page, match[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d file names were found in the pages", found)
	}
}

// The page of what is supported names the versions that the tests run.
func TestDocsNameTheVersionsThatAreRun(t *testing.T) {
	first := func(file, pattern string) []string {
		t.Helper()
		found := regexp.MustCompile(pattern).FindStringSubmatch(string(read(t, file)))
		if found == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		return strings.Fields(strings.ReplaceAll(found[1], "v", ""))
	}
	page := string(read(t, "docs/versions.md"))
	for _, run := range [][]string{
		first("Makefile", `HELM3_VERSION\s*:= (.*)`), first("Makefile", `HELM4_VERSION\s*:= (.*)`), first("Makefile", `\nVERSIONS \?= (.*)`),
		first("test/cluster/go.mod", `k8s.io/kubernetes (\S+)`), first("go.mod", `helm.sh/helm/v3 (\S+)`),
	} {
		for _, version := range run {
			if !strings.Contains(page, version) {
				t.Errorf("docs/versions.md does not name %s, which is tested", version)
			}
		}
	}
}

// The pictures in the pages are there, and small enough for a repository; none is there
// that no page shows.
func TestDocsShowPictures(t *testing.T) {
	shown := map[string]bool{}
	for _, name := range []string{"docs/report.md", "docs/fleet.md"} {
		for _, match := range regexp.MustCompile(`\(pictures/([a-z-]+\.png)\)`).FindAllStringSubmatch(string(read(t, name)), -1) {
			shown[match[1]] = true
		}
	}
	files, err := os.ReadDir("../../docs/pictures")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !shown[file.Name()] || info.Size() > 150_000 {
			t.Errorf("%s: %d bytes, shown: %t", file.Name(), info.Size(), shown[file.Name()])
		}
		delete(shown, file.Name())
	}
	if len(shown) > 0 {
		t.Errorf("these pictures are not there: %v", shown)
	}
}
