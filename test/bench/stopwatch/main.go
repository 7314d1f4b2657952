// Stopwatch runs a command and writes to descriptor 3, as JSON, when it began
// and ended, its exit code, and the most memory that it held.
//
// It is a program of its own because of the memory: on Linux, the peak of a
// process begins with that of the process which started it, and a test binary
// with a Kubernetes client inside is as large as what it measures.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// lap is one run; package bench reads it.
type lap struct {
	Began, Ended time.Time
	Code         int // -1: ended by a signal
	PeakKiB      int64
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "stopwatch:", err)
		os.Exit(1)
	}
}

func run(command []string) error {
	if len(command) == 0 {
		return fmt.Errorf("no command to run")
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", command[0], err)
	}
	go func() { _ = cmd.Process.Signal(<-signals) }()
	_ = cmd.Wait() // how it ended is in the process state
	result := lap{Began: began, Ended: time.Now(), Code: cmd.ProcessState.ExitCode(), PeakKiB: peak(cmd.ProcessState)}
	if err := json.NewEncoder(os.NewFile(3, "result")).Encode(result); err != nil {
		return fmt.Errorf("writing the result to descriptor 3: %w", err)
	}
	return nil
}

func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin": // in bytes there
		return usage.Maxrss / 1024
	}
	return usage.Maxrss
}
