// Berth deploys a review app per branch with Helm, and proves that what is
// stored and running is what was reported.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/berth-dev/berth/internal/cli"
	_ "github.com/berth-dev/berth/internal/startup"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin,
		Stdout: cli.Patient(os.Stdout), Stderr: cli.Patient(os.Stderr), Signals: signals(), Version: version, OwnLogs: true,
	}))
}

// signals returns the signals that end a run.
func signals() <-chan os.Signal {
	ending := make(chan os.Signal, 2)
	signal.Notify(ending, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(ending, syscall.SIGHUP)
	}
	// Go ends a program that writes to a standard output or error which nobody reads
	// any more, unless it asks for the signal: then the write fails, which a deploy
	// survives. It is not ignored, since plugins that Berth starts would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ending
}
