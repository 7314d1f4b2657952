//go:build ci

package ci

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/docker"
	"github.com/berth-dev/berth/test/kubetest"
	"github.com/berth-dev/berth/test/mirror"
	"github.com/berth-dev/berth/test/platform"
)

// github is a repository on GitHub, and the runner of its workflow.
type github struct {
	*world
	t       *testing.T
	c       githubCase
	repo    string
	home    string            // of the emulator, with the folders that it mounts into containers
	action  string            // what the action's public name stands for
	secrets map[string]string // of the repository
	vars    map[string]string
	runs    int
	apps    map[string]app // by the job that made them
	shas    map[int]string // the commits that were pushed
	hub     *platform.Fake // GitHub's API, where the case has it
	mirror  *mirror.Mirror // the release that the native action installs, where the case uses that
	act     *exec.Cmd      // the emulator that runs
	last    *job
	pods    string // of the app, before the turn
}

// action is the folder that the public name of the action stands for: that of a release, or
// action.yml, but for the image, which is built already. The emulator's own build has no
// network here.
func action(t *testing.T) string {
	t.Helper()
	if released != "" {
		dir := t.TempDir()
		write(t, dir, map[string]string{"action.yml": readFile(t, filepath.Join(released, "action.yml"))})
		return dir
	}
	image := regexp.MustCompile(`(?m)^  image: .*$`)
	text := read(t, "action.yml")
	if len(image.FindAllString(text, -1)) != 1 {
		t.Fatal("action.yml does not name its image as this test expects")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"action.yml": image.ReplaceAllString(text, "  image: docker://"+docker.Image)})
	return dir
}

func newGitHub(t *testing.T, w *world, c githubCase) *github {
	t.Helper()
	charts := c.charts
	if len(charts) == 0 {
		charts = []string{"chart"}
	}
	g := &github{world: w, t: t, c: c, home: t.TempDir(), action: action(t), apps: map[string]app{},
		secrets: map[string]string{"REVIEW_KUBECONFIG": readFile(t, w.kubeconfig)}, vars: map[string]string{}, shas: map[int]string{},
		repo: repository(t, c.branch(), "https://github.com/acme/shop.git", charts...)}
	if c.answers {
		g.newHub()
	}
	if c.native {
		g.mirror = mirror.New(t, program(t, "BERTH_TEST_BIN"))
		g.action = g.mirror.Tree
	}
	t.Cleanup(func() {
		for _, a := range g.apps {
			g.remove(t, a)
		}
	})
	// Containers are called after the workflow, which is called after its file, so that
	// cases that run side by side need files of different names.
	write(t, g.repo, map[string]string{".github/workflows/" + c.name + ".yml": c.workflow(t), ".gitignore": "out\nkubeconfig\n"})
	commit(t, g.repo)
	git(t, g.repo, "branch", "main")
	return g
}

// job is what is seen of a job.
type job struct {
	Result   string
	outputs  map[string]map[string]string // by step
	Summary  string
	commands []string // what the runner obeyed: "error: …", "warning: …", "notice: …"
	log      strings.Builder
}

// line is a line of the emulator's log.
type line struct {
	JobID, Level, Msg, Command, Name, Arg, Content, JobResult string
	Matrix                                                    map[string]any
	StepID                                                    []string
	Raw                                                       bool              `json:"raw_output"`
	KvPairs                                                   map[string]string // title and so on
}

// command runs the workflow for an event.
func (g *github) command(ctx context.Context, e event) *exec.Cmd {
	g.t.Helper()
	payload, err := json.Marshal(e.payload(g.c.branch(), g.shas[e.commit]))
	if err != nil {
		g.t.Fatal(err)
	}
	g.runs++
	write(g.t, g.home, map[string]string{"event.json": string(payload)})
	cache := filepath.Join(g.home, "cache")
	volumes := "--volume " + cache + ":" + cache
	if g.hub != nil {
		volumes += " --volume " + g.authority() + ":" + g.authority() + ":ro"
	}
	cmd := exec.CommandContext(ctx, program(g.t, "BERTH_TEST_ACT"), e.name, "--json",
		"--directory", g.repo, "--eventpath", filepath.Join(g.home, "event.json"),
		"--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server", "--container-daemon-socket", "-",
		// The runner's files are in the emulator's folder, and named by their paths there.
		"--container-options", "--network host "+volumes,
		"--local-repository", "berth-dev/berth@v1="+g.action, "--actor", "alice",
		"--env", "GITHUB_RUN_ID="+strconv.Itoa(g.runs), "--env", "GITHUB_REF="+e.ref())
	cmd.Env = []string{"HOME=" + g.home, "XDG_CACHE_HOME=" + cache, "DOCKER_HOST=" + g.engine.Host(),
		"PATH=" + g.programs() + os.Getenv("PATH"), "HELM=" + kubetest.Helm(g.t, 3)}
	for name, value := range g.secrets { // by its name alone: its value would be in the list of processes
		cmd.Args, cmd.Env = append(cmd.Args, "--secret", name), append(cmd.Env, name+"="+value)
	}
	for name, value := range g.vars {
		cmd.Args = append(cmd.Args, "--var", name+"="+value)
	}
	for _, action := range g.c.cloud.actions {
		cmd.Args = append(cmd.Args, "--local-repository", action+"="+g.emptyAction())
	}
	if g.mirror != nil && len(g.c.cloud.actions) == 0 { // steps are given what the runner has
		cmd.Env = append(cmd.Env, "KUBECONFIG="+g.kubeconfig)
	}
	if g.hub != nil {
		cmd.Args = append(cmd.Args, "--env", "SSL_CERT_FILE="+g.authority(), "--env", "GITHUB_API_URL="+g.hub.Server.URL+"/api/v3",
			"--env", "GITHUB_GRAPHQL_URL="+g.hub.Server.URL+"/api/graphql", "--local-repository", g.checkout())
	}
	return cmd
}

// emulate runs the workflow for an event to its end.
func (g *github) emulate(e event, meanwhile func(ended <-chan struct{})) map[string]*job {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.engine.Context(), runLimit)
	defer cancel()
	cmd := g.command(ctx, e)
	g.act = cmd
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := playOut(g.t, cmd, meanwhile)
	jobs := jobsOf(stdout.Bytes())
	if ctx.Err() != nil || len(jobs) == 0 {
		g.t.Fatalf("act: %v, %v\n%s%s", ctx.Err(), err, stdout.String(), stderr.String())
	}
	return jobs
}

// jobsOf reads the emulator's log: the jobs by their names, and those of a matrix as
// "review/shop".
func jobsOf(log []byte) map[string]*job {
	jobs := map[string]*job{}
	for text := range bytes.Lines(log) {
		var l line
		if json.Unmarshal(text, &l) != nil || l.JobID == "" {
			continue
		}
		name := l.JobID
		for _, key := range slices.Sorted(maps.Keys(l.Matrix)) {
			name += fmt.Sprintf("/%v", l.Matrix[key])
		}
		if jobs[name] == nil {
			jobs[name] = &job{outputs: map[string]map[string]string{}}
		}
		jobs[name].add(l)
	}
	return jobs
}

func (j *job) add(l line) {
	step := strings.Join(l.StepID, "/")
	switch l.Command {
	case "set-output":
		if j.outputs[step] == nil {
			j.outputs[step] = map[string]string{}
		}
		j.outputs[step][l.Name] = l.Arg
	case "summary":
		j.Summary += l.Content
	case "error", "warning", "notice":
		j.commands = append(j.commands, l.Command+": "+l.KvPairs["title"])
	default:
		if l.Raw || l.Level == "error" {
			j.log.WriteString(strings.TrimSuffix(l.Msg, "\n") + "\n")
		}
	}
	if l.JobResult != "" {
		j.Result = l.JobResult
	}
}

// String is all that is seen of the job, for whoever has to find out why it is not as it
// should be.
func (j *job) String() string {
	return fmt.Sprintf("%s\n--- outputs\n%v\n--- commands\n%q\n--- log\n%s--- summary\n%.2000s",
		j.Result, j.outputs, j.commands, j.log.String(), j.Summary)
}

// container is the container of the step that runs.
func (g *github) container() string {
	g.t.Helper()
	container := strings.TrimSpace(g.engine.Docker(g.t, "ps", "--quiet", "--filter", "ancestor="+docker.Image, "--filter", "volume="+g.repo))
	if container == "" || strings.Contains(container, "\n") {
		g.t.Fatalf("the step's container is not to be found: %q", container)
	}
	return container
}

// program is the path of a program that the Makefile builds.
func program(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: run `make test-ci`", variable)
	}
	return path
}
