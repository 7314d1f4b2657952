//go:build lint

package lint

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	actionlint    = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
	gitlabCILocal = "gitlab-ci-local@4.68.1"
)

// repository makes a Git repository of a branch with the files in it.
func repository(t *testing.T, branch string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch", branch},
		{"add", "--all"},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "test"},
		{"remote", "add", "origin", "git@gitlab.com:acme/shop.git"},
	} {
		if _, stderr, err := run(dir, "git", args...); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, stderr)
		}
	}
	return dir
}

func run(dir, name string, args ...string) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// lintWorkflow runs actionlint on a workflow that uses this very action.
func lintWorkflow(t *testing.T, workflow string) (string, error) {
	t.Helper()
	dir := repository(t, "main", map[string]string{
		".github/workflows/review.yml": strings.NewReplacer("uses: berth-dev/berth@v1", "uses: ./",
			"uses: berth-dev/berth/native@v1", "uses: ./native").Replace(workflow),
		"action.yml":        string(read(t, "action.yml")),
		"native/action.yml": string(read(t, "native/action.yml")),
		"Dockerfile":        string(read(t, "Dockerfile")),
	})
	stdout, stderr, err := run(dir, "go", "run", actionlint, "-no-color", "-shellcheck=", "-pyflakes=")
	return stdout + stderr, err
}

func TestGitHubWorkflow(t *testing.T) {
	workflow := string(read(t, "examples/workflows/github.yml"))
	native := strings.ReplaceAll(workflow, "berth-dev/berth@v1", "berth-dev/berth/native@v1")
	for name, workflow := range map[string]string{"action.yml": workflow, "native/action.yml": native} {
		if out, err := lintWorkflow(t, workflow); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		// It must be our action that it is held against.
		for says, wrong := range map[string]string{
			`"chrat" is not defined in action`: strings.Replace(workflow, "chart: ./chart", "chrat: ./chart", 1),
			`property "link" is not defined`:   strings.Replace(workflow, "steps.berth.outputs.url", "steps.berth.outputs.link", 1),
		} {
			if out, err := lintWorkflow(t, wrong); err == nil || !strings.Contains(out, says) {
				t.Errorf("%s: not noticed: %s\n%s", name, says, out)
			}
		}
	}
}

// What runs at night on both platforms, as it is given to be copied.
func TestNightlyExamples(t *testing.T) {
	for name, has := range map[string]string{"sweep": "ttl:", "nightly": "all:"} {
		workflow := string(read(t, "examples/workflows/"+name+".yml"))
		if out, err := lintWorkflow(t, workflow); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if out, err := lintWorkflow(t, strings.Replace(workflow, has, "x"+has, 1)); err == nil {
			t.Errorf("%s: a wrong input is not noticed\n%s", name, out)
		}
		job := string(read(t, "examples/workflows/gitlab-"+name+".yml"))
		for _, branch := range []string{"main", "feature/x"} {
			out, err := gitlab(t, branch, "stages: [deploy]\n"+job, "--list", "--variable", "CI_PIPELINE_SOURCE=schedule")
			if err != nil || strings.Contains(out, name) != (branch == "main") {
				t.Errorf("%s on %s: %v\n%s", name, branch, err, out)
			}
		}
	}
}

// The example of the native action's page is one that works.
func TestNativeExample(t *testing.T) {
	example := fence.FindStringSubmatch(string(read(t, "docs/native.md")))
	if example == nil {
		t.Fatal("docs/native.md has no example")
	}
	workflow := "on: pull_request\njobs:\n  review:\n    runs-on: ubuntu-latest\n" + example[1]
	if out, err := lintWorkflow(t, workflow); err != nil || !strings.Contains(workflow, "berth-dev/berth/native@v1") {
		t.Errorf("%v\n%s\n%s", err, out, workflow)
	}
	if out, err := lintWorkflow(t, strings.Replace(workflow, "kube-context:", "kube-contxt:", 1)); err == nil {
		t.Errorf("a wrong input is not noticed\n%s", out)
	}
}

// A comment's run has the secrets, whoever comments.
func TestGitHubCommands(t *testing.T) {
	workflow := string(read(t, "examples/workflows/github-commands.yml"))
	if out, err := lintWorkflow(t, workflow); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var is struct {
		On          map[string]any    `json:"on"`
		Permissions map[string]string `json:"permissions"`
		Concurrency any               `json:"concurrency"`
		Jobs        map[string]struct {
			If          string         `json:"if"`
			Concurrency map[string]any `json:"concurrency"`
			Steps       []struct {
				If   string         `json:"if"`
				Uses string         `json:"uses"`
				Run  string         `json:"run"`
				With map[string]any `json:"with"`
			} `json:"steps"`
		} `json:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(strings.Replace(workflow, "\non:", "\n\"on\":", 1)), &is); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"contents": "read", "actions": "read", "pull-requests": "write"}
	if len(is.On) != 1 || is.On["issue_comment"] == nil || !maps.Equal(is.Permissions, want) || is.Concurrency != nil || len(is.Jobs) != 1 {
		t.Errorf("it is %+v", is)
	}
	// What it gives Berth is what the other workflow gives, or it is about another app.
	_, given, _ := strings.Cut(workflow, "          commands: true\n")
	if given == "" || !strings.Contains(string(read(t, "examples/workflows/github.yml")), given) {
		t.Errorf("the other example does not have\n%s", given)
	}
	for name, job := range is.Jobs {
		group, _ := job.Concurrency["group"].(string)
		if job.If != "github.event.issue.pull_request && startsWith(github.event.comment.body, '/')" ||
			job.Concurrency["cancel-in-progress"] != false || !strings.Contains(group, "author_association") || !strings.Contains(group, "run_id") {
			t.Errorf("%s: %q, %v", name, job.If, job.Concurrency)
		}
		for _, step := range job.Steps {
			own := strings.HasPrefix(step.Uses, "berth-dev/berth@") && step.With["commands"] == true
			checkout := strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] == false &&
				step.With["ref"] == "refs/pull/${{ github.event.issue.number }}/head"
			if step.Run != "" || !own && !checkout {
				t.Errorf("%s: the step %+v", name, step)
			}
		}
	}
}

// gitlab runs gitlab-ci-local in a repository that includes the template. It
// checks against GitLab's own schema.
func gitlab(t *testing.T, branch, pipeline string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("npx"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npx is not there, and in CI nothing may be left out: install Node")
		}
		t.Skip("SKIPPED: npx is not there, so the GitLab template is NOT checked against GitLab's schema: install Node")
	}
	dir := repository(t, branch, map[string]string{
		".gitlab-ci.yml":          pipeline,
		".gitlab-ci-template.yml": string(read(t, ".gitlab-ci-template.yml")),
		"templates/berth.yml":     string(read(t, "templates/berth.yml")),
	})
	stdout, stderr, err := run(dir, "npx", append([]string{"--yes", gitlabCILocal}, args...)...)
	if err != nil {
		err = fmt.Errorf("%w\n%s%s", err, stdout, stderr)
	}
	return stdout, err
}

func gitlabExample(t *testing.T) string {
	t.Helper()
	const remote = "remote: https://raw.githubusercontent.com/berth-dev/berth/v1/.gitlab-ci-template.yml"
	text := string(read(t, "examples/workflows/gitlab.yml"))
	if !strings.Contains(text, remote) {
		t.Fatal("the example does not include the template")
	}
	return strings.Replace(text, remote, "local: .gitlab-ci-template.yml", 1)
}

// jobsOf reads the jobs of a pipeline as gitlab-ci-local shows it.
func jobsOf(t *testing.T, preview string) (jobs map[string]job) {
	t.Helper()
	var whole map[string]any
	if err := yaml.Unmarshal([]byte(preview), &whole); err != nil {
		t.Fatal(err)
	}
	delete(whole, "stages")
	rest, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(rest, &jobs); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestGitLabPipeline(t *testing.T) {
	preview, err := gitlab(t, "feature/x", gitlabExample(t), "--preview")
	if err != nil {
		t.Fatal(err)
	}
	jobs := jobsOf(t, preview)
	deploy, stop := jobs["review"], jobs["stop-review"]
	if len(jobs) != 2 || deploy.Environment["on_stop"] != "stop-review" || deploy.Environment["auto_stop_in"] != "3 days" {
		t.Errorf("got %+v", jobs)
	}
	for name, want := range map[string]string{
		"BERTH_CHART": "./chart", "BERTH_KUBE_CONTEXT": "acme/clusters:review",
		"BERTH_URL": "https://{{ .Slug }}.review.example.com", "BERTH_SET": "image.tag={{ .SHA }}",
	} {
		if got := deploy.Variables[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if stop.Variables["BERTH_CHART"] != "" || stop.Variables["BERTH_KUBE_CONTEXT"] != "acme/clusters:review" {
		t.Errorf("the stop job has %v", stop.Variables)
	}
}

// The component makes the jobs that the template makes. The emulator takes a component of the
// project itself from the checkout.
func TestGitLabComponent(t *testing.T) {
	const local = "local: .gitlab-ci-template.yml"
	component := strings.Replace(gitlabExample(t), local, "component: $CI_SERVER_FQDN/acme/shop/berth@$CI_COMMIT_SHA", 1)
	want, err := gitlab(t, "feature/x", gitlabExample(t), "--preview")
	if err != nil {
		t.Fatal(err)
	}
	got, err := gitlab(t, "feature/x", component, "--preview")
	if err != nil {
		t.Fatal(err)
	}
	if jobs := jobsOf(t, got); len(jobs) != 2 || !reflect.DeepEqual(jobs, jobsOf(t, want)) {
		t.Errorf("the component makes\n%s\nand the template\n%s", got, want)
	}
	if out, err := gitlab(t, "feature/x", component+"      pipelines: sometimes\n", "--preview"); err == nil {
		t.Errorf("a wrong input is not noticed\n%s", out)
	}
}

func TestGitLabRules(t *testing.T) {
	pipelines := func(kind string) string { return gitlabExample(t) + "      pipelines: " + kind + "\n" }
	mergeRequest := []string{"--variable", "CI_PIPELINE_SOURCE=merge_request_event", "--variable", "CI_COMMIT_BRANCH="}
	ofProjects := func(source, target int) []string {
		return append(slices.Clone(mergeRequest), "--variable", fmt.Sprintf("CI_MERGE_REQUEST_SOURCE_PROJECT_ID=%d", source),
			"--variable", fmt.Sprintf("CI_MERGE_REQUEST_PROJECT_ID=%d", target))
	}
	for _, tt := range []struct {
		name, branch, pipeline string
		variables              []string
		want                   bool
	}{
		{"branch", "feature/x", gitlabExample(t), nil, true},
		{"default branch", "main", gitlabExample(t), nil, false},
		{"merge request", "feature/x", gitlabExample(t), mergeRequest, true},
		{"merge request, branches only", "feature/x", pipelines("branches"), mergeRequest, false},
		{"merge request of the default branch", "main", gitlabExample(t), ofProjects(7, 7), false},
		{"merge request of a fork's default branch", "main", gitlabExample(t), ofProjects(8, 7), true},
		{"merge request of a fork's default branch, branches only", "main", pipelines("branches"), ofProjects(8, 7), false},
		{"branch, merge requests only", "feature/x", pipelines("merge-requests"), nil, false},
		{"branch with a merge request", "feature/x", gitlabExample(t), []string{"--variable", "CI_OPEN_MERGE_REQUESTS=acme/shop!1"}, false},
		{"branch with a merge request, branches only", "feature/x", pipelines("branches"),
			[]string{"--variable", "CI_OPEN_MERGE_REQUESTS=acme/shop!1"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := gitlab(t, tt.branch, tt.pipeline, append([]string{"--list-csv"}, tt.variables...)...)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(list, "\nreview;"); got != tt.want {
				t.Errorf("deploys: %v, want %v\n%s", got, tt.want, list)
			}
			if got := strings.Contains(list, "\nstop-review;"); got != tt.want {
				t.Errorf("can be stopped: %v, want %v\n%s", got, tt.want, list)
			}
		})
	}
}

func TestGitLabSchemaBites(t *testing.T) {
	for name, wrong := range map[string]string{
		"keyword":      gitlabExample(t) + "\nbuild:\n  script: [true]\n  retry: many\n",
		"input's kind": gitlabExample(t) + "      pipelines: sometimes\n",
	} {
		if out, err := gitlab(t, "feature/x", wrong, "--preview"); err == nil {
			t.Errorf("%s: not noticed\n%s", name, out)
		}
	}
}
