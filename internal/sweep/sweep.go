// Package sweep is the flow of the verb sweep: find the review apps, ask the platform about
// them, decide, take down what is to go, several at the same time, and say what became of each.
// What is decided, internal/fleet decides. It knows neither Kubernetes nor a platform: it owns
// the interfaces that it calls.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// AtOnce is how many apps are taken down at the same time: most of that time an app's pods take to
// end, and nothing is asked.
const AtOnce = 16

// Options are a sweep's settings, validated.
type Options struct {
	Policy fleet.Policy
	Limits fleet.Limits
	DryRun bool
}

// Cluster is where the review apps are.
type Cluster interface {
	// Read returns every review app.
	Read(ctx context.Context) ([]fleet.App, error)
	// Reread reads one app anew. It returns false where it is not there any more, and then what its
	// namespace tells, if that is a branch's own.
	Reread(ctx context.Context, app fleet.App) (fleet.App, bool, error)
	// TakeDown takes one app down by an ordinary teardown. agree is called once that holds the
	// lock, before anything is changed, with the last revision that is stored, whoever stored it;
	// its error ends the teardown.
	TakeDown(ctx context.Context, app fleet.App, agree func(ctx context.Context, revision int) error) result.Result
	// Now returns the API server's own time: the earliest that it can be.
	Now() time.Time
	// Clock returns this machine's time.
	Clock() time.Time
}

// Platform is GitHub or GitLab.
type Platform interface {
	// Census returns what the platform says of each app, in their order, and why it has not
	// answered, as a clause, where it has not.
	Census(ctx context.Context, apps []fleet.App) (answers []fleet.Answer, unanswered string)
	// Confirm asks about one app alone, right before it goes.
	Confirm(ctx context.Context, app fleet.App) fleet.Answer
}

// Sweep is one run.
type Sweep struct {
	Options  Options
	Cluster  Cluster
	Platform Platform
	Say      func(line string)  // shows progress; it may hold untrusted text
	Phase    func(title string) // the same, for what the progress belongs to that follows
	Stopped  func(ctx context.Context) error

	result result.Result
	apps   []fleet.App
	plan   fleet.Plan
	asked  bool       // the platform was, of some app, or was to be
	mu     sync.Mutex // guards what follows
	swept  []result.SweptApp
}

// Run sweeps. The result says how it ended; there is no other error.
func (s *Sweep) Run(ctx context.Context) result.Result {
	s.result = result.Result{
		Subject: result.Subject{Verb: verb.Sweep}, Log: result.Log{Started: s.Cluster.Clock()},
		Sweep: &result.Sweep{DryRun: s.Options.DryRun, Repository: s.Options.about()},
	}
	err := s.decide(ctx)
	if err == nil && !s.Options.DryRun && s.plan.Refused == "" {
		s.takeDown(ctx)
	}
	s.finish(ctx, err)
	return s.result
}

// about is whose apps a sweep is about; "" for everybody's.
func (o Options) about() string {
	if o.Policy.AllRepositories {
		return ""
	}
	return o.Policy.Host + "/" + o.Policy.Repository
}

// step announces and times a step of the timeline.
func (s *Sweep) step(what string) (done func()) {
	s.Phase(what)
	from := s.Cluster.Clock()
	return func() {
		s.result.Timeline = append(s.result.Timeline,
			result.Event{At: from.Sub(s.result.Started), Took: s.Cluster.Clock().Sub(from), What: what})
	}
}

// decide reads the apps, asks the platform and makes the plan.
func (s *Sweep) decide(ctx context.Context) (err error) {
	done := s.step("Find the review apps")
	s.apps, err = s.Cluster.Read(ctx)
	done()
	if err != nil {
		return err
	}
	done = s.step("Ask the platform about them")
	answers, unanswered := s.Platform.Census(ctx, s.apps)
	done()
	if err := s.Stopped(ctx); err != nil {
		return err
	}
	s.result.Sweep.Unanswered = unanswered
	decisions, now := make([]fleet.Decision, len(s.apps)), s.Cluster.Now()
	for i, app := range s.apps {
		var answer fleet.Answer // says nothing
		if i < len(answers) {
			answer = answers[i]
		}
		s.asked = s.asked || answer.Access != fleet.NotAsked
		decisions[i] = fleet.Decide(app, answer, s.Options.Policy, now)
	}
	s.plan = fleet.NewPlan(s.apps, decisions, s.Options.Limits)
	s.swept = make([]result.SweptApp, len(s.apps))
	for i := range s.apps {
		s.swept[i] = keptBy(s.apps[i], s.plan.Decisions[i])
		if s.swept[i].Reason == result.SweepReason(fleet.HoldUnknown) && unanswered != "" {
			s.swept[i].Look = false // that is said once, of all of them
		}
	}
	for _, i := range s.plan.Later {
		s.swept[i] = s.left(s.apps[i], s.plan.Decisions[i])
	}
	for _, i := range s.plan.Take {
		s.swept[i] = wouldGo(s.apps[i], s.plan.Decisions[i])
	}
	s.Say(fmt.Sprintf("Found %s; %d of them to go", text.Plural(len(s.apps), "review app"), len(s.plan.Take)+len(s.plan.Later)))
	return nil
}

// takeDown takes down what the plan says, several apps at the same time. Once the run is
// stopped it begins no further one.
func (s *Sweep) takeDown(ctx context.Context) {
	if len(s.plan.Take) == 0 {
		return
	}
	defer s.step("Take them down")()
	for _, i := range s.plan.Take {
		s.swept[i].Fate, s.swept[i].Why = result.FateLeft, notReached+s.plan.Decisions[i].Because
	}
	turns := make(chan int)
	var workers sync.WaitGroup
	for range min(AtOnce, len(s.plan.Take)) {
		workers.Go(func() {
			for i := range turns {
				s.takeDownOne(ctx, i)
			}
		})
	}
	for _, i := range s.plan.Take {
		if ctx.Err() != nil {
			break
		}
		select {
		case turns <- i:
		case <-ctx.Done():
		}
	}
	close(turns)
	workers.Wait()
}

// takeDownOne takes one app down and notes what became of it.
func (s *Sweep) takeDownOne(ctx context.Context, i int) {
	app, d := s.apps[i], s.plan.Decisions[i]
	if ctx.Err() != nil {
		return
	}
	name := app.Namespace + "/" + app.Release
	s.Say(name + ": to go, since " + d.Because)
	from := s.Cluster.Clock()
	agreement := agreement{sweep: s, app: app, planned: d}
	r := s.Cluster.TakeDown(ctx, app, agreement.agree)
	became := s.became(ctx, app, d, r, &agreement)
	became.Took = s.Cluster.Clock().Sub(from)
	s.mu.Lock()
	s.swept[i] = became
	s.mu.Unlock()
	s.Say(fmt.Sprintf("%s: %s after %s", name, became.Fate, text.Duration(became.Took)))
}

// agreement is the last look at an app before it goes, under its lock.
type agreement struct {
	sweep   *Sweep
	app     fleet.App
	planned fleet.Decision

	agreed  bool           // the teardown was told to go on: what follows may change something
	decided fleet.Decision // by that look
	refused *result.SweptApp
}

// agree reads the app's stamps again and asks the platform about it alone. What has changed
// since it was decided about, or is not known, keeps it.
func (a *agreement) agree(ctx context.Context, revision int) error {
	s := a.sweep
	if revision > a.app.Revision { // by what stamps nothing, too, such as Helm's command line
		return a.refuse(result.SweptApp{Reason: reasonSince, Why: fmt.Sprintf("Revision %d was stored since the sweep looked at it", revision)})
	}
	again, there, err := s.Cluster.Reread(ctx, a.app)
	switch {
	case err != nil:
		return err
	case !there && again.Namespace != "" && (again.Identity != a.app.Identity || again.Deployed.After(a.app.Deployed)):
		return a.refuse(result.SweptApp{Reason: reasonSince,
			Why: "It is not there any more, and another app was deployed to its namespace since the sweep looked at it"})
	case !there:
		a.agreed = true
		return nil // whoever took it away may have left something
	}
	again.Held = false // by this run
	if deployed := a.deployedSince(again); deployed != "" {
		return a.refuse(result.SweptApp{Reason: reasonSince, Why: deployed})
	}
	a.decided = fleet.Again(a.planned, again, s.Platform.Confirm(ctx, again), s.Options.Policy, s.Cluster.Now())
	switch d := a.decided; {
	case d.Goes():
		a.agreed = true
		return nil
	case d.Hold == fleet.HoldUnknown: // it was to go, and nothing but that silence is new
		kept := keptBy(again, d)
		kept.Silenced = true
		if d.Because == "" {
			kept.Why = text.Sentences(kept.Why, "Before it was to go, since "+a.planned.Because)
		}
		return a.refuse(kept)
	case d.Hold != fleet.HoldNone:
		return a.refuse(keptBy(again, d))
	case !d.Wanted():
		return a.refuse(result.SweptApp{Reason: reasonNoMore,
			Why: "Looked at right before it was to go, nothing speaks for that any more; before, it was to go, since " + a.planned.Because})
	}
	return a.refuse(result.SweptApp{Reason: result.SweepReason(fleet.HoldUnknown), Look: true, Silenced: true,
		Why: "Nobody has confirmed right before it was to go that it is; before, it was to go, since " + a.planned.Because})
}

// deployedSince says how an app was changed since it was decided about, or "".
func (a *agreement) deployedSince(again fleet.App) string {
	was := a.app
	switch {
	case again.Identity != was.Identity:
		return "Another branch's app is in its place by now"
	case again.Revision != was.Revision, !again.Deployed.Equal(was.Deployed), !again.Changed.Equal(was.Changed), again.RunURL != was.RunURL:
		return "It was deployed, or a run was at work on it, since the sweep looked at it"
	}
	return ""
}

// refuse ends the teardown, which has changed nothing.
func (a *agreement) refuse(kept result.SweptApp) error {
	a.refused = &kept
	return &problem.Problem{Reason: problem.NothingToDo, Cause: errors.New(kept.Why)}
}
