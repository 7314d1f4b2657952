//go:build image || ci || dryrun

package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Engine is a container engine of the test's own, so that no image of it gets
// among those of the machine.
type Engine struct {
	ctx    context.Context // ends when the test is interrupted
	dir    string          // everything it writes
	daemon *exec.Cmd
	exited chan struct{}
}

// Start starts an engine that listens on a socket in a temporary folder
// and leaves the machine's network alone.
func Start(t *testing.T) *Engine {
	t.Helper()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(cancel)
	dir, err := os.MkdirTemp("", "berth-image-") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{ctx: ctx, dir: dir, exited: make(chan struct{})}
	log, err := os.Create(e.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	if err := os.WriteFile(e.path("daemon.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	e.daemon = exec.Command("dockerd",
		"--config-file", e.path("daemon.json"), "--data-root", e.path("data"), "--exec-root", e.path("exec"),
		"--pidfile", e.path("pid"), "--host", e.Host(),
		"--iptables=false", "--ip6tables=false", "--bridge=none",
		// Where the machine runs containerd, the daemon uses that one.
		"--containerd-namespace", "berth-image", "--containerd-plugins-namespace", "berth-image-plugins")
	e.daemon.Stdout, e.daemon.Stderr = log, log
	// An interrupt at the terminal is for the test, which then stops the engine;
	// a test that is killed takes the engine with it. The latter goes by the
	// thread that started the engine, which therefore has to stay.
	e.daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	runtime.LockOSThread()
	if err := e.daemon.Start(); err != nil {
		t.Fatal(errors.Join(err, os.RemoveAll(dir)))
	}
	go func() { _ = e.daemon.Wait(); close(e.exited) }()
	t.Cleanup(func() {
		if err := e.stop(); err != nil {
			t.Error(err)
		}
	})
	e.ready(t)
	return e
}

func (e *Engine) path(name string) string { return filepath.Join(e.dir, name) }

// Host is the engine's address, as DOCKER_HOST has it.
func (e *Engine) Host() string { return "unix://" + e.path("docker.sock") }

// Context ends when the test is interrupted.
func (e *Engine) Context() context.Context { return e.ctx }

// ready waits until the engine answers.
func (e *Engine) ready(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for e.Command(nil, "version").Run() != nil {
		select {
		case <-tick.C:
			continue
		case <-e.exited:
		case <-ctx.Done():
		}
		log, _ := os.ReadFile(e.path("log"))
		t.Fatalf("the container engine does not answer: %s\n%s", e.daemon, log)
	}
}

// stop ends the engine and with it every container, and removes what it wrote.
func (e *Engine) stop() error {
	_ = e.daemon.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.exited:
	case <-time.After(30 * time.Second):
		_ = e.daemon.Process.Kill()
		<-e.exited
	}
	// Its handle on the host's network is a mount that it leaves behind.
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], e.dir+"/") {
			if err := syscall.Unmount(fields[1], 0); err != nil {
				return fmt.Errorf("unmount %s: %w", fields[1], err)
			}
		}
	}
	return os.RemoveAll(e.dir)
}

// Command is the engine's client with variables of its own.
func (e *Engine) Command(env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(e.ctx, "docker", args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "DOCKER_HOST=" + e.Host(),
		"DOCKER_CONFIG=" + e.path("config"), "DOCKER_BUILDKIT=0"}, env...)
	return cmd
}

// Docker runs the client, which has to succeed, and returns what it printed.
func (e *Engine) Docker(t *testing.T, args ...string) string {
	t.Helper()
	r := Run(t, e.Command(nil, args...))
	if r.Code != 0 {
		t.Fatalf("docker %v: %s", args, r)
	}
	return r.Stdout
}

// Result is how a command ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

func (r Result) String() string {
	return fmt.Sprintf("exit code %d\n--- stdout\n%s--- stderr\n%s", r.Code, r.Stdout, r.Stderr)
}

// Run runs a command to its end, however that is.
func Run(t *testing.T, cmd *exec.Cmd) Result {
	t.Helper()
	return Begin(t, cmd)()
}

// Begin starts a command, and returns a function that waits for the command to end.
func Begin(t *testing.T, cmd *exec.Cmd) (wait func() Result) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() Result {
		t.Helper()
		if err := cmd.Wait(); cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
}
