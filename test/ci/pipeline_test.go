//go:build ci

package ci

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/test/docker"
)

// gitlabCILocal is the last version that runs on Node 20.
const gitlabCILocal = "gitlab-ci-local@4.68.1"

// gitlab is a project on GitLab, and the runner of its pipelines.
type gitlab struct {
	*world
	t       *testing.T
	c       gitlabCase
	repo    string
	home    string
	agent   string         // path of the kubeconfig that GitLab's agent gives to jobs
	commits []string       // that were pushed to the branch
	apps    map[string]app // by the job that deploys them
}

func newGitLab(t *testing.T, w *world, c gitlabCase) *gitlab {
	t.Helper()
	charts := c.charts
	if len(charts) == 0 {
		charts = []string{"chart"}
	}
	g := &gitlab{world: w, t: t, c: c, home: t.TempDir(), agent: agent(t, w.kubeconfig), apps: map[string]app{},
		repo: repository(t, c.branch(), "git@gitlab.com:acme/shop.git", charts...)}
	t.Cleanup(func() {
		for _, a := range g.apps {
			g.remove(t, a)
		}
	})
	write(t, g.repo, map[string]string{
		".gitlab-ci.yml": c.pipeline(t), ".gitlab-ci-template.yml": template(t), ".gitignore": ".gitlab-ci-local\n",
		"templates/berth.yml": read(t, "templates/berth.yml"),
	})
	return g
}

// agent is a kubeconfig as GitLab's agent makes it: a context for each agent, none of
// which is the current one.
func agent(t *testing.T, kubeconfig string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Contexts = map[string]*clientcmdapi.Context{"acme/clusters:review": config.Contexts[config.CurrentContext]}
	config.CurrentContext = ""
	path := filepath.Join(t.TempDir(), "agent.kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs jobs in a pipeline of that source, or all that are not manual.
func (g *gitlab) command(ctx context.Context, source string, jobs ...string) *exec.Cmd {
	g.t.Helper()
	args := []string{"--yes", gitlabCILocal, "--no-color", "--home", g.home, "--network", "host", "--pull-policy", "if-not-present",
		"--helper-image", tools, "--volume", g.agent + ":/agent:ro", "--variable", "KUBECONFIG=/agent",
		// The emulator says of itself that it is not GitLab.
		"--variable", "GITLAB_CI=true", "--variable", "CI_PIPELINE_SOURCE=" + source,
		"--ignore-predefined-vars", "GITLAB_CI,CI_PIPELINE_SOURCE"}
	cmd := exec.CommandContext(ctx, "npx", append(args, jobs...)...)
	cmd.Dir = g.repo
	cmd.Env = []string{"HOME=" + g.home, "PATH=" + os.Getenv("PATH"), "DOCKER_HOST=" + g.engine.Host(), "npm_config_cache=" + npmCache(g.t),
		"npm_config_update_notifier=false"}
	return cmd
}

// npmCache is the machine's own, in which the emulator is kept.
func npmCache(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "npm", "config", "get", "cache").Output()
	if err != nil {
		t.Fatalf("npm config get cache: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// emulate runs jobs to their ends and returns the log, and by the names of those that ran
// whether they passed.
func (g *gitlab) emulate(source string, meanwhile func(ended <-chan struct{}), names ...string) (log string, passed map[string]bool) {
	g.t.Helper()
	// What a run before has left is not what this one makes.
	for _, left := range []string{".gitlab-ci-local", "berth-report"} {
		if err := os.RemoveAll(filepath.Join(g.repo, left)); err != nil {
			g.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(g.engine.Context(), runLimit)
	defer cancel()
	cmd := g.command(ctx, source, names...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := playOut(g.t, cmd, meanwhile)
	passed = map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^ (PASS|FAIL|WARN)  (\S+)`).FindAllStringSubmatch(out.String(), -1) {
		if strings.HasPrefix(found[2], "spec:") {
			continue // it says which keyword it does nothing for, in the form of what a job has come to
		}
		passed[found[2]] = found[1] == "PASS"
	}
	if ctx.Err() != nil || len(passed) == 0 {
		g.t.Fatalf("gitlab-ci-local: %v, %v\n%s", ctx.Err(), err, out.String())
	}
	return out.String(), passed
}

// logOf is what a job printed.
func logOf(log, job string) string {
	var b strings.Builder
	for text := range strings.Lines(log) {
		if rest, ok := strings.CutPrefix(text, job+" "); ok {
			b.WriteString(strings.TrimPrefix(strings.TrimLeft(rest, " "), "> "))
		}
	}
	return b.String()
}

// terminate ends Berth in the container of the job that runs, as the runner does on a
// cancel.
func (g *gitlab) terminate() {
	g.t.Helper()
	ids := strings.Fields(g.engine.Docker(g.t, "ps", "--quiet", "--filter", "ancestor="+docker.Image, "--filter", "volume="+g.agent))
	if len(ids) != 1 {
		g.t.Fatalf("the job's container is not to be found: %q", ids)
	}
	g.engine.Docker(g.t, "exec", ids[0], "sh", "-c", "kill -TERM $(pidof berth)")
}
