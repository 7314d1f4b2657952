// Package cli is the program: it reads what a run is asked to do, wires the
// rooms together, runs the verb, and says how it ended.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/verb"
)

// Process is what the operating system gives a program.
type Process struct {
	Args    []string
	Environ []string
	Stdout  io.Writer
	Stderr  io.Writer
	Signals <-chan os.Signal // nil: none are handled
	Version string
	// OwnLogs lets the run take over the process-wide logs of the libraries,
	// which would print chart values: only the real program may.
	OwnLogs bool
}

func (p Process) getenv(name string) string {
	for _, e := range slices.Backward(p.Environ) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// Main runs the program and returns its exit code. The first signal lets the
// run settle what it began, a second one ends it at once.
func Main(ctx context.Context, p Process) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan int, 1)
	go func() { done <- p.run(ctx) }()
	interrupts := 0
	for {
		select {
		case code := <-done:
			return code
		case s := <-p.Signals:
			i := interrupt(s)
			if interrupts++; interrupts > 1 {
				return exitCode(i.Reason)
			}
			cancel(i)
		}
	}
}

func interrupt(s os.Signal) *engine.Interrupt {
	if s == syscall.SIGTERM {
		return &engine.Interrupt{Signal: "SIGTERM", Reason: problem.Terminated}
	}
	return &engine.Interrupt{Signal: "SIGINT", Reason: problem.Interrupted}
}

// run parses the command line and runs its verb. A panic is a bug, and its
// place in the code is what a report of it needs.
func (p Process) run(ctx context.Context) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(p.Stderr, "berth: internal error: %v\nPlease report this with what follows.\n%s", r, debug.Stack())
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
	return p.conclude(ci.Detect(p.getenv, p.Stderr), p.reporting(p.readableFlags()), wrongInput(v, err))
}

// runVerb runs one verb with its inputs and returns the exit code.
func (p Process) runVerb(ctx context.Context, v verb.Verb, resolve func(input.Defaults) (*input.Options, error)) int {
	screen := progress.NewScreen(p.Stdout, p.getenv)
	platform := ci.Detect(p.getenv, screen)
	facts, factsErr := platform.Context()
	o, err := resolve(defaults(facts))
	if err != nil {
		// What the platform could not tell is worth hearing only together with
		// what is missing because of it.
		platform, _ = p.speak(platform, screen, o)
		return p.conclude(platform, o, wrongInput(v, errors.Join(err, factsErr)))
	}
	platform, screen = p.speak(platform, screen, o)
	for _, secret := range o.Secrets() {
		platform.Mask(secret.Reveal())
	}
	if v == verb.Auto {
		intent := ci.Auto(facts, p.hasCredentials(o))
		if intent.Verb == ci.Nothing {
			return p.conclude(platform, o, nothingToDo(intent))
		}
		v = intent.Verb
		platform.Line(fmt.Sprintf("auto: %s, since %s", v, intent.Reason))
		if err := o.Require(v); err != nil {
			return p.conclude(platform, o, wrongInput(v, err))
		}
	}
	return p.conclude(platform, o, p.perform(ctx, platform, screen, v, o))
}

// speak keeps standard output for the JSON report where that was asked for.
func (p Process) speak(platform ci.Platform, screen *progress.Screen, o *input.Options) (ci.Platform, *progress.Screen) {
	if o.Output == "json" {
		screen = progress.NewScreen(p.Stderr, p.getenv)
		platform = ci.Detect(p.getenv, screen)
	}
	return platform, screen
}

// hasCredentials says whether the run was given any way to reach a cluster. A
// fork's pull request is not, and that is no failure.
func (p Process) hasCredentials(o *input.Options) bool {
	if o.Kubeconfig.Given() || o.KubeAPIServer != "" || p.getenv("KUBECONFIG") != "" || p.getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(p.getenv("HOME"), ".kube", "config"))
	return err == nil
}

func defaults(c ci.Context) input.Defaults {
	return input.Defaults{
		Host: c.Host, Repository: c.Repository, HeadRepository: c.HeadRepository, Branch: c.Branch,
		PullRequest: c.PullRequest, SHA: c.SHA, RunURL: c.RunURL, Attempt: c.Attempt,
	}
}
