// Package cli is the program: it parses the command line, assembles the rooms of a
// run, runs the verb, reports how it ended, and returns the exit code.
package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/verb"
)

// Main runs the program and returns its exit code. The first signal cancels the
// run, which then settles what it began; a second one ends it at once. SIGHUP is never
// that second one: a terminal that is closed sends it once itself and once by its shell.
func Main(ctx context.Context, p Process) int {
	p.mask = secrets.New()
	p.mask.Give(input.SecretsIn(p.getenv)...)
	p.mask.Find(input.SecretVariables(p.Environ)...)
	for _, name := range input.Find("values-content").Envs() {
		p.mask.Find(chart.TextsOfContent(p.getenv(name))...)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan int, 1)
	go func() { done <- p.run(ctx) }()
	interrupted := false
	for {
		select {
		case code := <-done:
			return code
		case s := <-p.Signals:
			i := interrupt(s)
			if interrupted && i.Reason != problem.HungUp {
				return exitCode(i.Reason)
			}
			cancel(i) // only the first is the cause
			interrupted = true
		}
	}
}

// interrupt returns the cause with which a signal cancels the run.
func interrupt(s os.Signal) *engine.Interrupt {
	switch s {
	case syscall.SIGTERM:
		return &engine.Interrupt{Signal: "SIGTERM", Reason: problem.Terminated}
	case syscall.SIGHUP:
		return &engine.Interrupt{Signal: "SIGHUP", Reason: problem.HungUp}
	}
	return &engine.Interrupt{Signal: "SIGINT", Reason: problem.Interrupted}
}

// run parses the command line, runs its verb and returns the exit code. A panic is
// a bug and printed with the stack, which a report of it needs. What it says may quote
// anything, and is printed as everything else is: without secrets and commands.
func (p Process) run(ctx context.Context) (code int) {
	defer func() {
		if r := recover(); r != nil {
			ci.Detect(p.getenv, p.Stderr, p.mask).
				Line(fmt.Sprintf("berth: internal error: %v\nPlease report this with what follows.\n%s", r, debug.Stack()))
			code = exitInternal
		}
	}()
	command, err := p.command(ctx, &code).ExecuteC()
	if err == nil {
		return code
	}
	var v verb.Verb
	if command.HasParent() {
		v = verb.Verb(command.Name())
	}
	return p.refuseCommandLine(v, err)
}
