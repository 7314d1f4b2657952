package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// forwarded are the signals that run hands on to its command.
var forwarded = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// run starts a cluster of its own for one command. This process is the
// supervisor: when it goes, by whatever cause, the whole plane goes.
func run(args []string) int {
	var s settings
	flags := flag.NewFlagSet("cluster run", flag.ContinueOnError)
	s.register(flags)
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	err := s.check()
	if flags.NArg() == 0 {
		err = errors.New("run needs a command")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n%s", err, usage)
		return exitUsage
	}
	code, err := runCommand(s, flags.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		if code == 0 {
			code = exitFailure
		}
	}
	return code
}

func runCommand(s settings, args []string) (code int, err error) {
	dir, err := os.MkdirTemp("", "berth-cluster-")
	if err != nil {
		return 0, fmt.Errorf("making the cluster's directory: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	lock, err := tryLock(dir)
	if err != nil {
		return 0, err
	}
	defer lock.Close()

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded...)
	ctx, interrupted := context.WithCancelCause(context.Background())
	started := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			interrupted(fmt.Errorf("signal: %s", s))
		case <-started:
		}
	}()
	p, err := startPlane(ctx, dir, s, lock)
	close(started)
	if err != nil {
		keep = ctx.Err() == nil // not interrupted: the parts' logs say why
		return 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	return p.runWithin(args, signals)
}

// runWithin runs the command with the plane's access in its environment.
func (p *plane) runWithin(args []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+p.kubeconfigPath(),
		"BERTH_TEST_KUBECONFIG="+p.kubeconfigPath(),
	)
	cmd.SysProcAttr = dieWithParent()
	// The kernel ties "die with the parent" to the thread that started the
	// command, so that thread has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", args[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var broken error
	for failed := p.failed; ; {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s) // it may have ended meanwhile
		case part := <-failed:
			broken, failed = part.ended(), nil
			fmt.Fprintln(os.Stderr, "cluster:", broken) // now: the command will fail in odd ways
		case err := <-done:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, fmt.Errorf("waiting for %s: %w", args[0], err)
			}
			return exitCode(cmd.ProcessState), broken
		}
	}
}

// exitCode is what a shell would report.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
