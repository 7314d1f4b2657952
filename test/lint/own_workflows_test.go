//go:build lint

package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// ownWorkflows are the texts of this repository's own workflows, by their paths.
func ownWorkflows(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no workflows: %v", err)
	}
	texts := map[string]string{}
	for _, name := range names {
		name = strings.TrimPrefix(filepath.ToSlash(name), root+"/")
		texts[name] = string(read(t, name))
	}
	return texts
}

// pin is an action's commit with the tag beside it.
var pin = regexp.MustCompile(`@[0-9a-f]{40} # (v\d+)[.\d]*`)

func TestOwnWorkflowsPassActionlint(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"action.yml", "Dockerfile"} {
		files[name] = string(read(t, name))
	}
	for name, text := range ownWorkflows(t) {
		files[name] = pin.ReplaceAllString(text, "@$1") // by a tag actionlint knows the action's inputs
	}
	lint := func() (string, error) {
		stdout, stderr, err := run(repository(t, "main", files), "go", "run", actionlint, "-no-color", "-shellcheck=", "-pyflakes=")
		return stdout + stderr, err
	}
	if out, err := lint(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	const security = ".github/workflows/security.yml"
	files[security] = strings.Replace(files[security], "category:", "categroy:", 1)
	if out, err := lint(); err == nil || !strings.Contains(out, `input "categroy" is not defined`) {
		t.Errorf("not noticed: an input that the action does not have: %v\n%s", err, out)
	}
}

// The standard library is compiled in: it is the newest of the version that go.mod names, and
// of the image's.
func TestOwnWorkflowsTakeTheGoOfTheModule(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(read(t, "go.mod")))[1]
	if !strings.Contains(string(read(t, "Dockerfile")), "FROM golang:"+version) {
		t.Errorf("the image is not built by Go %s", version)
	}
	for name, text := range ownWorkflows(t) {
		for _, given := range regexp.MustCompile(`\bgo-version(?:-file)?: (.*)`).FindAllStringSubmatch(text, -1) {
			if given[1] != `"`+version+`.x"` {
				t.Errorf("%s takes Go %s, and go.mod names %s", name, given[1], version)
			}
		}
	}
}

func TestOwnWorkflowsAreHardened(t *testing.T) {
	for name, text := range ownWorkflows(t) {
		for _, weakness := range weaknesses(t, text) {
			t.Errorf("%s: %s", name, weakness)
		}
	}
}

// What the test above looks for, it finds.
func TestWeaknessesAreFound(t *testing.T) {
	ci := string(read(t, ".github/workflows/ci.yml"))
	const script = "run: sudo"
	for _, tt := range []struct{ before, after, want string }{
		{" # v7.0.1", "", "is not pinned"},
		{"@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "is not pinned"},
		{"actions/checkout@", "docker://ghcr.io/", "is not pinned"},
		{"\npermissions:\n  contents: read\n", "\n", "the workflow's permissions"},
		{"\n  contents: read\n", "\n  contents: write\n", "the workflow's permissions"},
		{"permissions:\n  contents: read\n", "permissions: read-all\n", "the workflow's permissions"},
		{"    timeout-minutes: 180\n", "", "has no timeout"},
		{"persist-credentials: false", "persist-credentials: true", "leaves its credentials"},
		{"        with:\n          persist-credentials: false\n", "", "leaves its credentials"},
		{"pull_request:", "pull_request_target:", "pull_request_target"},
		{"pull_request:", "workflow_run:\n    workflows: [CI]", "workflow_run"},
		{script, "run: echo ${{ github.event.pull_request.title }}; sudo", "github.event.pull_request.title"},
		{script, "run: echo ${{github.head_ref || 'x'}}; sudo", "github.head_ref"},
		{script, "run: |\n          echo ${{ inputs.version }}; sudo", "inputs.version"},
		{"      - " + script, "      - uses: actions/github-script@" + strings.Repeat("0", 40) + " # v9\n" +
			"        with:\n          script: x(${{ inputs.y }})\n      - " + script, "inputs.y"},
		{"    runs-on: ubuntu-24.04\n", "    runs-on: ubuntu-24.04\n    secrets: inherit\n", "is given all secrets"},
	} {
		weak := strings.Replace(ci, tt.before, tt.after, 1)
		if weak == ci {
			t.Errorf("ci.yml has no %q", tt.before)
		}
		if found := weaknesses(t, weak); len(found) != 1 || !strings.Contains(found[0], tt.want) {
			t.Errorf("%q in place of %q: found is %q, want %q", tt.after, tt.before, found, tt.want)
		}
	}
}

// weaknesses returns what an attacker could use, or a mistake could, in a workflow.
func weaknesses(t *testing.T, text string) (found []string) {
	t.Helper()
	var is struct {
		On          map[string]any    `json:"on"`
		Permissions map[string]string `json:"permissions"`
		Jobs        map[string]ownJob `json:"jobs"`
	}
	// Permissions may be one word, and are then too many.
	_ = yaml.Unmarshal([]byte(strings.Replace(text, "\non:", "\n\"on\":", 1)), &is)
	if len(is.Jobs) == 0 || len(is.On) == 0 {
		t.Fatalf("this is no workflow:\n%s", text)
	}
	for event := range is.On {
		// With these, somebody else's commit runs with this repository's rights.
		if slices.Contains([]string{"pull_request_target", "workflow_run"}, event) {
			found = append(found, "it runs on "+event)
		}
	}
	if len(is.Permissions) != 1 || is.Permissions["contents"] != "read" {
		found = append(found, fmt.Sprintf("the workflow's permissions are %v, want contents: read; a job may have more", is.Permissions))
	}
	used := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	fixed := regexp.MustCompile(`^(?:\./\S*|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d[.\d]*)$`)
	for _, match := range used.FindAllStringSubmatch(text, -1) {
		if !fixed.MatchString(match[1]) {
			found = append(found, match[1]+" is not pinned by its commit, with the tag in a comment")
		}
	}
	for name, job := range is.Jobs {
		found = append(found, job.weaknesses(name)...)
	}
	return found
}

// ownJob is what the tests read of a job.
type ownJob struct {
	Uses    string `json:"uses"` // the workflow that it is made of
	Timeout int    `json:"timeout-minutes"`
	Secrets any    `json:"secrets"`
	Steps   []struct {
		Uses string         `json:"uses"`
		Run  string         `json:"run"`
		With map[string]any `json:"with"`
	} `json:"steps"`
}

func (j ownJob) weaknesses(name string) (found []string) {
	if j.Timeout == 0 && j.Uses == "" {
		found = append(found, name+" has no timeout")
	}
	if j.Secrets == "inherit" {
		found = append(found, name+" is given all secrets")
	}
	// A script that such a text is put into runs it. As a variable it is a text.
	expression := regexp.MustCompile(`\$\{\{[^}]*\b(github\.(?:event|head_ref|ref|actor|triggering_actor)|inputs)\b[^}]*\}\}`)
	for _, step := range j.Steps {
		script, _ := step.With["script"].(string)
		if put := expression.FindString(step.Run + script); put != "" {
			found = append(found, fmt.Sprintf("%s puts %s into a script", name, put))
		}
		if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
			found = append(found, name+": the checkout leaves its credentials behind")
		}
	}
	return found
}

// A module that Dependabot is not told of stays as it is.
func TestDependabotKnowsEveryModule(t *testing.T) {
	var is struct {
		Updates []struct {
			Ecosystem   string   `json:"package-ecosystem"`
			Directories []string `json:"directories"`
			Directory   string   `json:"directory"`
			Cooldown    struct {
				Days int `json:"default-days"`
			} `json:"cooldown"`
		} `json:"updates"`
	}
	if err := yaml.Unmarshal(read(t, ".github/dependabot.yml"), &is); err != nil {
		t.Fatal(err)
	}
	known := map[string][]string{}
	for _, u := range is.Updates {
		known[u.Ecosystem] = append(known[u.Ecosystem], append(u.Directories, u.Directory)...)
		if u.Cooldown.Days < 7 {
			t.Errorf("%s: an update is taken %d days after its release", u.Ecosystem, u.Cooldown.Days)
		}
	}
	listed, stderr, err := run(root, "git", "ls-files", "--cached", "--others", "--exclude-standard",
		"go.mod", "*/go.mod", "Dockerfile", "*/Dockerfile")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	ecosystems := map[string]string{"go.mod": "gomod", "Dockerfile": "docker"}
	for _, file := range strings.Fields(listed) {
		folder, ecosystem := filepath.Join("/", filepath.Dir(file)), ecosystems[filepath.Base(file)]
		if _, err := os.Stat(filepath.Join(root, file)); err == nil && !slices.Contains(known[ecosystem], folder) {
			t.Errorf("Dependabot does not know %s", file)
		}
	}
	if !slices.Contains(known["github-actions"], "/") {
		t.Error("Dependabot does not know the actions")
	}
}
