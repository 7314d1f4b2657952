// Package engine is the flow of the verbs: gather the facts, diagnose, plan,
// perform, and gather again to prove what was done. Whatever can be decided
// without asking anybody, internal/verdict decides. The engine knows neither Helm
// nor Kubernetes: it owns the interfaces that it calls (backend.go, locker.go).
//
// A verb is a value in a file of its own (deploy.go, check.go, repair.go,
// teardown.go, preflight.go) over a session, which brings together the parts that
// do the work: the namespace, the permissions, the lock, the gatherer of facts,
// the performer of steps, the prover, and the reporter.
package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// Engine runs the verbs on one release.
type Engine struct {
	Options Options
	Backend Backend
}

// Run runs a verb. The result says how it ended; there is no other error.
func (e *Engine) Run(ctx context.Context, name verb.Verb) result.Result {
	s := newSession(e.Options, e.Backend, name)
	begin, ok := verbs[name]
	if !ok {
		return s.finish(ctx, "",
			&problem.Problem{Reason: problem.Internal, Tried: fmt.Sprintf("run the verb %q", name), Next: "Report this, please."})
	}
	v := begin(s)
	err := v.run(ctx)
	return s.finish(ctx, v.success(), err)
}

// verbRun is one verb under way.
type verbRun interface {
	// run runs the verb. A nil error means that the release is as it should be.
	run(ctx context.Context) error
	// success returns the headline of a run without an error that has something of
	// its own to say; "" means the verb's usual one (internal/verb).
	success() string
}

// verbs begins each verb. A verb's own file adds it.
var verbs = map[verb.Verb]func(*session) verbRun{}
