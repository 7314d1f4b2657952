//go:build lint

package lint

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The workflows for the clusters of clouds pass actionlint, with the very actions of this
// repository, and the page shows what they do.
func TestWorkflowsOfClusters(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "examples/workflows/clusters/*.yml"))
	if err != nil || len(files) != 6 {
		t.Fatalf("there are %d workflows: %v", len(files), err)
	}
	page, native := string(read(t, "docs/clusters.md")), 0
	var all strings.Builder
	for _, file := range files {
		name := "examples/workflows/clusters/" + filepath.Base(file)
		workflow := string(read(t, name))
		if out, err := lintWorkflow(t, workflow); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, weakness := range weaknesses(t, regexp.MustCompile(`(uses: [^@\n]*@)\S+`).ReplaceAllString(workflow,
			"${1}"+strings.Repeat("0", 40)+" # v1")) {
			if !strings.Contains(weakness, "permissions") && !strings.Contains(weakness, "credentials") {
				t.Errorf("%s: %s", name, weakness)
			}
		}
		if !strings.Contains(page, "(../"+name+")") {
			t.Errorf("docs/clusters.md does not link to %s", name)
		}
		if strings.Contains(name, "native") {
			native++
			if wrong, err := lintWorkflow(t, strings.Replace(workflow, "chart: ./chart", "chrat: ./chart", 1)); err == nil {
				t.Errorf("%s: not held against the native action: %s", name, wrong)
			}
		}
		all.WriteString(workflow)
	}
	if native != 3 {
		t.Errorf("%d of them use the native action", native)
	}
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		for part := range strings.SplitSeq(block[1], "\n\n") {
			if !strings.Contains(all.String(), strings.TrimRight(part, "\n")+"\n") {
				t.Errorf("docs/clusters.md shows what no workflow has:\n%s", part)
			}
		}
	}
}
