//go:build image

package image

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/test/docker"
)

// gracePeriod is how long GitHub's runner gives a step after a cancel, before it
// asks harder. GitLab's gives about as long.
const gracePeriod = 7 * time.Second

const pullRequest = `{"action": "synchronize",
	"repository": {"full_name": "acme/shop", "default_branch": "main"},
	"pull_request": {"number": 7, "head": {"ref": "feature/x", "sha": "2c5ea4c0", "repo": {"full_name": "acme/shop"}}}}`

// github is a step of a job that uses the action: as the runner does, it gives
// every input a variable, empty ones too, hands variables over by name only, and
// mounts its folders. HOME cannot be written.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/Container/DockerCommandManager.cs
func (e engine) github(t *testing.T, verb string, inputs map[string]string) (step *exec.Cmd, dir string) {
	t.Helper()
	dir = t.TempDir()
	for path, text := range map[string]string{
		"workspace/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n", "home/.keep": "",
		"workflow/event.json": pullRequest, "file_commands/output": "", "file_commands/summary": "",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{
		"HOME=/github/home", "CI=true", "GITHUB_ACTIONS=true", "INPUT_VERB=" + verb,
		"GITHUB_WORKSPACE=/github/workspace", "GITHUB_EVENT_PATH=/github/workflow/event.json",
		"GITHUB_OUTPUT=/github/file_commands/output", "GITHUB_STEP_SUMMARY=/github/file_commands/summary",
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=acme/shop", "GITHUB_EVENT_NAME=pull_request",
		"GITHUB_REF=refs/pull/7/merge", "GITHUB_HEAD_REF=feature/x", "GITHUB_SHA=f00d", "GITHUB_RUN_ID=1", "GITHUB_RUN_ATTEMPT=1",
	}
	for i := range input.Table {
		env = append(env, input.Table[i].ActionEnv()+"="+inputs[input.Table[i].Name])
	}
	args := []string{"run", "--name", container(t), "--workdir", "/github/workspace", "--rm", "--network", "host"}
	for _, variable := range env {
		name, _, _ := strings.Cut(variable, "=")
		args = append(args, "-e", name)
	}
	for _, folder := range []string{"workflow", "file_commands", "workspace", "home:ro"} {
		name, mode, _ := strings.Cut(folder, ":")
		args = append(args, "-v", strings.TrimSuffix(filepath.Join(dir, name)+":/github/"+name+":"+mode, ":"))
	}
	return e.Command(env, append(args, image, verb)...), dir
}

// container is the name of a test's container.
func container(t *testing.T) string { return strings.ReplaceAll(t.Name(), "/", "-") }

func (e engine) testGitHubWrongInput(t *testing.T) {
	step, dir := e.github(t, "check", map[string]string{
		"kube-context": "review", "check-timeout": "soon", "report-dir": "berth-report",
	})
	r := docker.Run(t, step)
	if r.Code != 64 || !regexp.MustCompile(`(?m)^::error title=wrong input::.*soon`).MatchString(r.Stdout) {
		t.Errorf("the step: %s", r)
	}
	outputs := read(t, dir, "file_commands/output")
	if !regexp.MustCompile(`(?m)^exit-code<<(\S+)\n64\n`).MatchString(outputs) {
		t.Errorf("the outputs are\n%s", outputs)
	}
	if summary := read(t, dir, "file_commands/summary"); !strings.Contains(summary, "soon") {
		t.Errorf("the summary is\n%s", summary)
	}
}

// testGitHubPaths gives paths of the runner's machine, which the container does not
// have: that is told, with what to give, before anything is touched. What is written
// into the workspace is the runner's, who has to delete it before the next job.
func (e engine) testGitHubPaths(t *testing.T) {
	const host, runner = "/home/runner/work/shop/shop", 1001
	for input, path := range map[string]string{"report-dir": host + "/out/berth", "chart": host + "/charts/shop"} {
		step, _ := e.github(t, "deploy", map[string]string{"chart": "./chart", "kube-apiserver": "https://127.0.0.1:1", input: path})
		step.Args = slices.Insert(step.Args, 2, "-e", "RUNNER_WORKSPACE=/home/runner/work/shop")
		if r := docker.Run(t, step); r.Code != 64 || !strings.Contains(r.Stdout, "give "+strings.TrimPrefix(path, host+"/")) {
			t.Errorf("%s: %s", input, r)
		}
	}
	step, dir := e.github(t, "check", map[string]string{"check-timeout": "soon", "report-dir": "out/berth"})
	if err := os.Chown(filepath.Join(dir, "workspace"), runner, runner); err != nil {
		t.Fatal(err)
	}
	if r := docker.Run(t, step); r.Code != 64 {
		t.Errorf("the step: %s", r)
	}
	for _, made := range []string{"out", "out/berth", "out/berth/report.json"} {
		info, err := os.Stat(filepath.Join(dir, "workspace", made))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != runner {
			t.Errorf("%s belongs to %d", made, owner)
		}
	}
}

// blackhole is an API server that takes a connection and never answers.
func blackhole(t *testing.T) (url string, connected <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	first := make(chan struct{}, 1)
	go func() {
		var open []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil { // the test is over
				for _, c := range open {
					_ = c.Close()
				}
				return
			}
			open = append(open, conn)
			select {
			case first <- struct{}{}:
			default:
			}
		}
	}()
	return "https://" + listener.Addr().String(), first
}

// await waits until Berth asks the API server.
func await(t *testing.T, connected <-chan struct{}) {
	t.Helper()
	select {
	case <-connected:
	case <-time.After(time.Minute):
		t.Fatal("Berth does not ask the API server")
	}
}

// testGitHubCancel cancels a step as the runner does: the signal goes to the
// client, which has to hand it to Berth.
func (e engine) testGitHubCancel(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			server, connected := blackhole(t)
			step, dir := e.github(t, "deploy", map[string]string{
				"chart": "./chart", "kube-apiserver": server, "kube-token": "nobody",
			})
			wait := docker.Begin(t, step)
			await(t, connected)
			sent := time.Now()
			if err := step.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			r := wait()
			took := time.Since(sent)
			t.Logf("ended %s after the signal", took.Round(time.Millisecond))
			if r.Code != code || took > gracePeriod {
				t.Errorf("after %s: %s", took, r)
			}
			if outputs := read(t, dir, "file_commands/output"); !strings.Contains(outputs, fmt.Sprintf("\n%d\n", code)) {
				t.Errorf("the outputs are\n%s", outputs)
			}
			if left := e.Docker(t, "ps", "--all", "--quiet", "--filter", "name="+container(t)); left != "" {
				t.Errorf("the container is still there: %s", left)
			}
		})
	}
}
