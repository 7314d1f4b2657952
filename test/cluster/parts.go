package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register" // the log format the parts' flags accept
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// partMains are the parts of the plane by the verb that starts them. A part's
// command is built only when asked for: each one installs the process-wide
// signal handler, and a second installation panics.
var partMains = map[string]func(args []string) int{
	"etcd":                    etcdMain,
	"kube-apiserver":          kubernetesMain(apiserver.NewAPIServerCommand),
	"kube-controller-manager": kubernetesMain(controllermanager.NewControllerManagerCommand),
	"kube-scheduler":          kubernetesMain(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubelet":                 kubeletMain,
}

func kubernetesMain(build func() *cobra.Command) func([]string) int {
	return func(args []string) int {
		command := build()
		command.SetArgs(args)
		return cli.Run(command)
	}
}

// Every part inherits two files from its supervisor. The first is the read end
// of a pipe whose write end only the supervisor has: when that closes, however
// the supervisor ended, the part ends too. The second is the locked file of the
// directory: the lock is free again only when the last part is gone.
const (
	lifelineFD = 3
	// The lock's descriptor, 4, is only kept open, never used.
)

// followSupervisor ends this process as soon as its supervisor is gone.
func followSupervisor() {
	lifeline := os.NewFile(lifelineFD, "lifeline")
	go func() {
		for buf := make([]byte, 1); ; {
			if _, err := lifeline.Read(buf); err != nil {
				os.Exit(0)
			}
		}
	}()
}

// part is one running process of the plane.
type part struct {
	name    string
	logPath string
	process *os.Process
	done    chan struct{} // closed when it has ended
	err     error         // why, valid once done is closed
}

// startPart starts this binary again as the named part.
func startPart(dir, name string, lifeline, lock *os.File, args ...string) (*part, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this binary in order to start %s: %w", name, err)
	}
	p := &part{name: name, logPath: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer log.Close()
	cmd := exec.Command(self, append([]string{name}, args...)...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{lifeline, lock}
	// A group of its own: Ctrl-C in the terminal goes to the supervisor alone,
	// which decides what happens in what order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s (%s): %w", name, self, err)
	}
	p.process = cmd.Process
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ended describes a part that stopped on its own, with the end of its log.
func (p *part) ended() error {
	data, err := os.ReadFile(p.logPath)
	if err != nil {
		return fmt.Errorf("%s ended (%s), and its log cannot be read: %w", p.name, fmt.Sprint(p.err), err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) > 15 {
		lines = lines[len(lines)-15:]
	}
	return &partEnded{part: p.name, cause: p.err, log: strings.Join(lines, "\n")}
}

// partEnded is the error of a part that stopped while it was needed.
type partEnded struct {
	part  string
	cause error
	log   string
}

func (e *partEnded) Error() string {
	return fmt.Sprintf("%s ended (%v); the end of its log:\n%s", e.part, e.cause, e.log)
}

// portTaken tells whether the part ended because another process took its port
// between its choice and its use.
func (e *partEnded) portTaken() bool { return strings.Contains(e.log, "address already in use") }

// waitGone waits until the part has ended, and kills it when ctx is over first.
func (p *part) waitGone(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := p.process.Kill(); err != nil {
		return fmt.Errorf("killing %s (pid %d): %w", p.name, p.process.Pid, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(5 * time.Second):
		return fmt.Errorf("%s (pid %d) does not end even when killed", p.name, p.process.Pid)
	}
}
