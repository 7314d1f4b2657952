package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// withPlane runs a verb that takes a directory and what the plane is to be, and
// reports its error.
func withPlane(args []string, verb func(dir string, s settings) error) int {
	var s settings
	return parsed(args, s.register, func(dir string) error {
		if err := s.check(); err != nil {
			return err
		}
		return verb(dir, s)
	})
}

// withDir runs a verb whose one flag is the directory, and reports its error.
func withDir(args []string, verb func(dir string) error) int {
	return parsed(args, func(*flag.FlagSet) {}, verb)
}

// parsed runs a verb that takes a directory and the flags that more registers.
func parsed(args []string, more func(*flag.FlagSet), verb func(dir string) error) int {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	more(flags)
	dir := flags.String("dir", ".cluster", "the cluster's directory")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "cluster: unexpected argument %q\n%s", flags.Arg(0), usage)
		return exitUsage
	}
	absolute, err := filepath.Abs(*dir)
	if err == nil {
		err = verb(absolute)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		return exitFailure
	}
	return 0
}

// up starts a supervisor in the background and waits for its answer.
func up(dir string, s settings) error {
	kubeconfig := filepath.Join(dir, "kubeconfig")
	lock, err := tryLock(dir)
	if errors.Is(err, errRunning) {
		return alreadyUp(dir, s, kubeconfig)
	}
	if err != nil {
		return err
	}
	defer lock.Close() // the supervisor keeps its own copy

	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this binary in order to start the supervisor: %w", err)
	}
	answer, answerWrite, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making the supervisor's pipe: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(dir, supervisorLog), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("opening the supervisor's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(self, append([]string{superviseVerb, "--dir", dir}, s.arguments()...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{answerWrite, lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the supervisor (%s): %w", self, err)
	}
	answerWrite.Close()
	said, err := io.ReadAll(answer)
	if err != nil {
		return fmt.Errorf("reading the supervisor's answer: %w", err)
	}
	switch text := string(said); text {
	case "ready":
		fmt.Printf("cluster is up after %.1fs: export KUBECONFIG=%s\n", time.Since(started).Seconds(), kubeconfig)
		return nil
	case "":
		return fmt.Errorf("the supervisor ended without an answer; its log is %s", log.Name())
	default:
		return errors.New(text)
	}
}

// alreadyUp tells a running cluster from one that is about to run or to end.
func alreadyUp(dir string, s settings, kubeconfig string) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if _, err := os.Stat(kubeconfig); err == nil {
			fmt.Printf("cluster is already up: export KUBECONFIG=%s\n", kubeconfig)
			return nil
		}
		lock, err := tryLock(dir)
		if err == nil { // it ended meanwhile
			lock.Close()
			return up(dir, s)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another cluster holds %s but does not get ready: %w; try: cluster down --dir %s", dir, context.Cause(ctx), dir)
		case <-tick.C:
		}
	}
}
