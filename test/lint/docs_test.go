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
