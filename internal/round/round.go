// Package round is the flow of a look at many review apps: find them, check each, several at the
// same time, repair what is stuck where that is asked for, and say what was found of each. How
// one is checked and repaired is the engine's. It knows neither Kubernetes nor Helm: it owns the
// interface that it calls.
package round

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// AtOnce is how many apps are looked at at the same time.
const AtOnce = 8

// Options are a round's settings, validated.
type Options struct {
	Verb       verb.Verb // that asked for it
	Repository string    // whose apps it is about, as host/owner/name; empty: everybody's
	Namespace  string    // one whose records are believed although Berth neither made nor adopted it
	Repair     bool      // repair what is stuck
	Uninstalls bool      // a repair may take the release away
}

// Cluster is where the review apps are.
type Cluster interface {
	// Read returns the review apps that the round is about.
	Read(ctx context.Context) ([]fleet.App, error)
	// Lock returns what the lock of an app says.
	Lock(ctx context.Context, app fleet.App) (facts.Lock, error)
	// Reread reads one app anew. It returns false where it is not there any more.
	Reread(ctx context.Context, app fleet.App) (fleet.App, bool, error)
	// Check proves one app, and Repair repairs it under its lock. Neither waits for a run. agree is
	// called once that holds the lock, before anything is changed; its error ends the repair.
	Check(ctx context.Context, app fleet.App) result.Result
	Repair(ctx context.Context, app fleet.App, agree func(context.Context) error) result.Result
	// Now returns the API server's own time: the earliest that it can be.
	Now() time.Time
	// Clock returns this machine's time.
	Clock() time.Time
}

// Round is one run.
type Round struct {
	Options Options
	Cluster Cluster
	Say     func(line string)  // shows progress; it may hold untrusted text
	Phase   func(title string) // the same, for what the progress belongs to that follows
	Stopped func(ctx context.Context) error

	result result.Result
	apps   []fleet.App
	visits []result.Visit
}

// Run goes round. It returns the apps as they were found, and how that ended, with a visit for
// each of them. The error is that no app could be found at all.
func (r *Round) Run(ctx context.Context) (apps []fleet.App, ended result.Result, err error) {
	began := r.Cluster.Clock()
	r.result = result.Result{Subject: result.Subject{Verb: r.Options.Verb}, Log: result.Log{Started: began}}
	done := r.step("Find the review apps")
	r.apps, err = r.Cluster.Read(ctx)
	done()
	if err != nil {
		return nil, r.result, err
	}
	r.visits = make([]result.Visit, len(r.apps))
	for i := range r.apps {
		r.visits[i] = result.Visit{Found: result.FoundNotReached}
	}
	what := "Check them"
	if r.Options.Repair {
		what = "Check them, and repair what is stuck"
	}
	done = r.step(what)
	r.goRound(ctx)
	done()
	r.finish(ctx)
	return r.apps, r.result, nil
}

// step announces and times a step of the timeline.
func (r *Round) step(what string) (done func()) {
	r.Phase(what)
	from := r.Cluster.Clock()
	return func() {
		r.result.Timeline = append(r.result.Timeline,
			result.Event{At: from.Sub(r.result.Started), Took: r.Cluster.Clock().Sub(from), What: what})
	}
}

// goRound visits the apps, several at the same time. Once the run is stopped, or its time is over,
// it begins with no further one.
func (r *Round) goRound(ctx context.Context) {
	turns := make(chan int)
	var workers sync.WaitGroup
	for range min(AtOnce, len(r.apps)) {
		workers.Go(func() {
			for i := range turns {
				if ctx.Err() == nil {
					r.visitOne(ctx, i)
				}
			}
		})
	}
	for i := range r.apps {
		select {
		case turns <- i:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	close(turns)
	workers.Wait()
}

// visitOne looks at one app and notes what it found.
func (r *Round) visitOne(ctx context.Context, i int) {
	from := r.Cluster.Clock()
	v := r.visit(ctx, &r.apps[i])
	v.Took = r.Cluster.Clock().Sub(from)
	r.visits[i] = v
	if v.Found.Bad() || v.Found == result.FoundRepaired {
		r.Say(fmt.Sprintf("%s/%s: %s after %s", r.apps[i].Namespace, r.apps[i].Release, v.Found, text.Duration(v.Took)))
	}
}

// visit looks at one app, and repairs it where that is asked for. The app says afterwards how it
// was found.
func (r *Round) visit(ctx context.Context, app *fleet.App) result.Visit {
	if v, left := r.leave(*app); left {
		return v
	}
	before, err := r.Cluster.Lock(ctx, *app)
	if err == nil && before.State == facts.LockHeld {
		app.Held = true
		return busy()
	}
	checked := r.Cluster.Check(ctx, *app)
	v := seen(checked)
	if v.Found != result.FoundConsistent && ctx.Err() != nil { // it was cut short
		return result.Visit{Found: result.FoundNotReached}
	}
	if v.Found != result.FoundConsistent && err == nil && r.atWorkSince(ctx, *app, before) {
		app.Held = true // what was seen is of a moment of its work
		return busy()
	}
	r.note(app, checked, v)
	if r.Options.Repair && v.Found == result.FoundInconsistent {
		return r.repair(ctx, app, checked, v)
	}
	return v
}

// leave returns why an app is not looked at, by what it says of itself.
func (r *Round) leave(app fleet.App) (v result.Visit, left bool) {
	hold, why := app.Trusted(r.Options.Namespace)
	if hold == fleet.HoldAtWork {
		return busy(), true
	}
	if hold != fleet.HoldNone {
		return unchecked(text.Sentence(why)), true
	}
	switch app.State() {
	case fleet.StateEmpty:
		return unchecked("Nothing is stored in its namespace: its deploy did not get so far."), true
	case fleet.StateUninstalled:
		return unchecked("It was uninstalled, and its record was kept."), true
	case fleet.StateStuck, fleet.StateInconsistent, fleet.StateFailed, fleet.StateGoing, fleet.StateBusy, fleet.StateDeployed:
	}
	return result.Visit{}, false
}

// atWorkSince returns whether a run holds an app's lock, or has held it, since the lock was read.
func (r *Round) atWorkSince(ctx context.Context, app fleet.App, before facts.Lock) bool {
	now, err := r.Cluster.Lock(ctx, app)
	return err == nil && (now.State == facts.LockHeld || now.Run != before.Run || now.Attempt != before.Attempt)
}

// note has an app say how it was found.
func (r *Round) note(app *fleet.App, found result.Result, v result.Visit) {
	if v.Found == result.FoundUnchecked || v.Found == result.FoundNotReached {
		return
	}
	app.Checked, app.Drift = true, v.Drift
	app.Verdict, app.VerdictAt = string(found.Reason), r.Cluster.Now()
	if app.VerdictAt.Before(app.Changed) { // by a clock that was read in whole seconds
		app.VerdictAt = app.Changed
	}
	if found.Revision > 0 || v.Found == result.FoundRepaired {
		app.Revision, app.Status = found.Revision, found.Status
	}
}
