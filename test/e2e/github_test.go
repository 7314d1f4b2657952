//go:build cluster

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// hostile is a name that Git allows for a branch.
const hostile = "fix/$(id)-`id`-<b>x</b>-{{.App}},a=b;\"'|%0A-@team-#1-]]>"

// workflow is one run of the action: the runner's files, and an event.
type workflow struct {
	*fixture
	env map[string]string
}

func (s *fixture) workflow(event map[string]any) *workflow {
	s.t.Helper()
	dir := s.t.TempDir()
	payload, err := json.Marshal(event)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "event.json"), payload, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return &workflow{s, map[string]string{
		"HOME": dir, "PATH": os.Getenv("PATH"), "GITHUB_ACTIONS": "true",
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary.md"),
		"GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"), "GITHUB_EVENT_NAME": "pull_request",
		"GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": strings.Repeat("0", 40),
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"INPUT_KUBECONFIG": s.kubeconfig, "INPUT_NAMESPACE": s.namespace, "INPUT_RELEASE": s.release,
		"INPUT_CHART": s.chart, "INPUT_SET-STRING": "greeting={{ .Branch }}\n", "INPUT_URL": "https://{{ .Slug }}.review.example.com",
		"INPUT_ADOPT": "", "INPUT_VERB": "auto",
	}}
}

func pullRequest(action, branch string) map[string]any {
	return map[string]any{
		"action": action,
		"pull_request": map[string]any{
			"number": 7, "user": map[string]any{"login": "mallory"}, "author_association": "COLLABORATOR",
			"head": map[string]any{"ref": branch, "sha": strings.Repeat("a", 40), "repo": map[string]any{"full_name": "mallory/shop"}},
		},
		"repository": map[string]any{"full_name": "acme/shop", "default_branch": "main"},
	}
}

// outputs reads the runner's file as the runner does.
func (w *workflow) outputs() map[string]string {
	w.t.Helper()
	data, err := os.ReadFile(w.env["GITHUB_OUTPUT"])
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]string{}
	for rest := string(data); rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		name, delimiter, ok := strings.Cut(line, "<<")
		value, next, closed := strings.Cut(after, "\n"+delimiter+"\n")
		if !ok || !closed || delimiter == "" {
			w.t.Fatalf("the runner cannot read the outputs from %q on:\n%s", line, data)
		}
		found[name], rest = value, next
	}
	return found
}

// phases are the groups of a log, which are commands, too.
var phases = regexp.MustCompile(`^::(?:group::[A-Z][a-z ,]+|endgroup::)$`)

// commands are the workflow commands that the runner would obey, but for the groups.
func commands(log string) (found []string) {
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case stopped != "":
			if line == "::"+stopped+"::" {
				stopped = ""
			}
		case strings.HasPrefix(line, "::stop-commands::"):
			stopped = strings.TrimPrefix(line, "::stop-commands::")
		case phases.MatchString(line):
		case strings.HasPrefix(line, "::"), strings.Contains(line, "##["):
			found = append(found, line)
		}
	}
	return found
}

func TestGitHubPullRequest(t *testing.T) {
	s := newFixture(t)
	// The right context is not the current one: only the input says so.
	s.kubeconfig = changed(t, s.kubeconfig, func(k *clientcmdapi.Config) {
		k.Clusters["nowhere"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
		k.Contexts["nowhere"] = &clientcmdapi.Context{Cluster: "nowhere"}
		k.CurrentContext = "nowhere"
	})
	w := s.workflow(pullRequest("opened", hostile))
	w.env["INPUT_KUBE-CONTEXT"] = "test"
	e := runBerth(t, w.env, "auto").exit(t, 0).says(t, "pull request 7 was opened")
	if got := s.greeting(); got != hostile {
		t.Errorf("the branch's name reached the chart as %q", got)
	}
	if got := commands(e.stdout); len(got) > 0 {
		t.Errorf("a good deploy is annotated: %q", got)
	}
	for name, want := range map[string]string{
		"namespace": s.namespace, "release": "web", "revision": "1", "status": "deployed",
		"verdict": "consistent", "exit-code": "0", "repair": "", "report": "",
	} {
		if got, ok := w.outputs()[name]; !ok || got != want {
			t.Errorf("output %s is %q (set: %v), want %q", name, got, ok, want)
		}
	}
	if url := w.outputs()["url"]; !strings.HasPrefix(url, "https://fix-id-id-b-x-b-app-a--") {
		t.Errorf("output url is %q", url)
	}
	summary, err := os.ReadFile(w.env["GITHUB_STEP_SUMMARY"])
	if err != nil {
		t.Fatal(err)
	}
	if text := string(summary); !strings.Contains(text, s.namespace) || strings.Contains(text, "| "+hostile) {
		t.Errorf("the job summary:\n%s", text)
	}
	s.helmReads("deployed")

	closed := s.workflow(pullRequest("closed", hostile))
	closed.env["INPUT_KUBE-CONTEXT"] = "test"
	runBerth(t, closed.env, "auto").exit(t, 0).says(t, "pull request 7 was closed")
	if len(s.statuses()) > 0 || s.objects() > 0 {
		t.Errorf("left are records %v and %d objects", s.statuses(), s.objects())
	}
}

// What the runner obeys is Berth's own, whatever others wrote.
func TestGitHubHostileText(t *testing.T) {
	s := newAdminFixture(t)
	chart := chartFolder(t, "", `{{ fail "50% of\n::error::pwned\n##[add-path]/pwned" }}`)
	for name, c := range map[string]struct {
		branch, chart string
		code          int
	}{
		"a branch with a line of its own": {"x\n::error::pwned", s.chart, 64},
		"a branch that sets an output":    {"x\nurl<<EOF\nhttps://evil\nEOF", s.chart, 64},
		"a branch that climbs":            {"../../etc", s.chart, 64},
		"a branch that is a flag":         {"--help", s.chart, 64},
		"a chart that shouts":             {"fix/it", chart, 30},
	} {
		w := s.workflow(pullRequest("synchronize", c.branch))
		w.env["INPUT_CHART"] = c.chart
		e := runBerth(t, w.env, "auto")
		if e.code != c.code {
			t.Errorf("%s: exit code %d, want %d; it said:\n%s", name, e.code, c.code, e.stdout)
		}
		got := commands(e.stdout)
		if len(got) != 1 || !strings.HasPrefix(got[0], "::error title=") {
			t.Errorf("%s: the runner obeys %q, want one error", name, got)
		}
		if out := w.outputs(); out["url"] == "https://evil" || out["exit-code"] == "" {
			t.Errorf("%s: the outputs are %q", name, out)
		}
	}
	if !s.namespaceGone() {
		t.Error("the namespace was made")
	}
}
