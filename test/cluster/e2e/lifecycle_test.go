package e2e

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestUpAgainSaysSo(t *testing.T) {
	if out := say(t, "up", "--dir", shared.dir); !strings.Contains(out, "already up") {
		t.Errorf("a second up said %q", out)
	}
	info, err := os.Stat(filepath.Join(shared.dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig's mode is %v", info.Mode())
	}
}

func TestDownWithoutUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if out := say(t, "down", "--dir", dir); !strings.Contains(out, "no cluster") {
		t.Errorf("down without a cluster said %q", out)
	}
}

// A second cluster runs beside the shared one, its supervisor is killed, and
// nothing of it is left; a fresh one starts in what it left behind.
func TestKilledSupervisorLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "second")
	supervisor := startSupervisor(t, dir)
	second, err := clientOf(filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(answers(second), answers(shared.client)); err != nil {
		t.Fatalf("two clusters side by side: %v", err)
	}

	if err := supervisor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = supervisor.Wait()
	awaitUnlocked(t, dir)
	if answers(second) == nil {
		t.Error("the API server outlived its supervisor")
	}

	say(t, "up", "--dir", dir)
	third, err := clientOf(filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if err := answers(third); err != nil {
		t.Errorf("up after a crash: %v", err)
	}
	if out := say(t, "down", "--dir", dir); !strings.Contains(out, "is down") {
		t.Errorf("down said %q", out)
	}
	if answers(third) == nil {
		t.Error("the API server outlived down")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("down left the directory: %v", err)
	}
	if err := answers(shared.client); err != nil {
		t.Errorf("down took another cluster with it: %v", err)
	}
}

// startSupervisor does what up does, but keeps the supervisor as a child.
func startSupervisor(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	answer, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := cluster("supervise", "--dir", dir)
	cmd.ExtraFiles = []*os.File{write, lock}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	lock.Close()
	if said, err := io.ReadAll(answer); err != nil || string(said) != "ready" {
		t.Fatalf("the supervisor said %q (%v)", said, err)
	}
	return cmd
}

// awaitUnlocked waits until no process has the directory's lock open.
func awaitUnlocked(t *testing.T, dir string) {
	t.Helper()
	lock, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	eventually(t, func() error { return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) })
}

// run hands its command the environment, the signals and back the exit code.
func TestRun(t *testing.T) {
	const script = `trap 'exit 7' TERM; echo "$KUBECONFIG"; [ "$KUBECONFIG" = "$BERTH_TEST_KUBECONFIG" ] || exit 1
while :; do sleep 0.05; done`
	cmd := cluster("run", "--", "sh", "-c", script)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("reading the command's first line: %v", err)
	}
	kubeconfig := strings.TrimSpace(line)
	client, err := clientOf(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if err := answers(client); err != nil {
		t.Errorf("within run: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, not the command's", code)
	}
	if answers(client) == nil {
		t.Error("the API server outlived run")
	}
	if _, err := os.Stat(filepath.Dir(kubeconfig)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("run left its directory: %v", err)
	}
}
