package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// session is what the verbs share while they run: the parts that do the work, and
// the flow that brings them together.
type session struct {
	options Options
	backend Backend
	budget  budget

	report      *reporter
	journal     *journal
	ns          *namespace
	permissions *permissions
	lock        *lock
	chart       *chartSource
	gather      *gatherer
	steps       *performer
	prover      *prover
	companions  *companions
	departure   *departure
}

// newSession makes the parts of one run. It sends nothing.
func newSession(o Options, b Backend, name verb.Verb) *session {
	a := o.App
	report := &reporter{policy: o.Policy, clock: b.Clock, say: b.Say, phase: b.Phase, writes: b.Records.Audit, result: result.Result{
		Subject: result.Subject{Verb: name, App: a.App, Branch: o.Branch, URL: a.URL, Namespace: a.Namespace, Release: a.Release},
		Log:     result.Log{Started: b.Clock()},
	}}
	s := &session{options: o, backend: b, report: report, journal: &journal{},
		budget: budget{timeout: o.Timeout, operations: b.Operations, server: b.Server}}
	s.chart = &chartSource{chart: b.Chart, budget: s.budget}
	origin := originOf(&a)
	s.departure = &departure{objects: b.Objects, server: b.Server, report: report, namespace: a.Namespace,
		strips: name == verb.Teardown && len(o.Policy.StripFinalizers) > 0} // a deploy has the same inputs
	s.ns = &namespace{api: b.Namespaces, report: report, budget: s.budget, departure: s.departure, policy: o.Policy,
		name: a.Namespace, release: a.Release, identity: a.Identity, origin: origin}
	s.permissions = &permissions{access: b.Access, report: report, budget: s.budget, verb: name, review: o.Preflight, wait: o.RBACWait,
		full: o.Full && (name == verb.Deploy || name == verb.Teardown)}
	s.lock = &lock{locker: b.Locker, report: report, namespace: a.Namespace, timeout: o.LockTimeout}
	s.companions = &companions{api: b.Companions, access: b.Access, report: report, budget: s.budget, lock: s.lock, ns: s.ns, verb: name,
		chart: s.chart, release: a.Release + "/" + a.Identity, identity: a.Identity, copies: o.Copies, quota: o.Quota}
	s.gather = &gatherer{records: b.Records, objects: b.Objects, runs: b.Runs, server: b.Server, lock: s.lock, ns: s.ns, budget: s.budget,
		release: a.Release, identity: a.Identity, origin: origin, app: a.App, run: o.Run, policy: o.Policy, chart: s.chart}
	s.steps = newPerformer(s)
	s.prover = &prover{gather: s.gather, records: s.steps.records, lock: s.lock, report: report, policy: o.Policy, timeout: o.CheckTimeout,
		confirm: o.Confirm, operation: o.Timeout, ignore: o.WaitIgnore}
	return s
}

// originOf returns the branch that a review app is for.
func originOf(a *app.App) facts.Origin {
	return facts.Origin{Repository: a.Source.Repository, HeadRepository: a.Source.HeadRepository, Branch: a.Source.Branch,
		PullRequest: a.Source.PullRequest}
}

func newPerformer(s *session) *performer {
	b, release, run := s.backend, s.options.App.Release, s.options.Run
	records := &recordRepairer{records: b.Records, gather: s.gather, lock: s.lock, journal: s.journal, report: s.report,
		leaves: s.options.Policy.LeavesRecords()}
	remains := &remainsRemover{objects: b.Objects, gather: s.gather, report: s.report, departure: s.departure, stripping: s.options.Policy}
	down := s.report.result.Verb == verb.Teardown
	if down { // a deploy has the same inputs, and goes on with the data
		remains.policy = s.options.Remains
	}
	return &performer{
		records: records,
		operate: &operator{operations: b.Operations, records: b.Records, objects: b.Objects, repairer: records, gather: s.gather,
			lock: s.lock, journal: s.journal, report: s.report, release: release, run: run, ofMany: s.options.Policy.OfMany},
		remove: &releaseRemover{operations: b.Operations, records: b.Records, gather: s.gather, remains: remains,
			departure: s.departure, policy: s.options.Policy, skipHooks: down && s.options.SkipFailedHooks,
			lock: s.lock, journal: s.journal, report: s.report, release: release, run: run},
		leftovers: &leftoverRemover{objects: b.Objects, gather: s.gather, report: s.report},
		chart:     s.chart,
	}
}

// find reads the namespace of a release that has to be there.
func (s *session) find(ctx context.Context) error {
	defer s.report.step("Look at the namespace")()
	if err := s.ns.read(ctx); err != nil {
		return err
	}
	if err := s.ns.mustBeActive(ctx, s.options.App.Release); err != nil {
		return err
	}
	s.companions.conceal(ctx)
	return nil
}

// begun tells that it is this run's turn at the release.
func (s *session) begun() {
	if s.backend.Begun != nil {
		s.backend.Begun()
	}
}

// awaitIdle gathers the facts, and waits within the lock-timeout while an
// operation may still be at work on the release: until a record changes, or
// nothing can be alive any more.
func (s *session) awaitIdle(ctx context.Context, sc scope, teardown bool) (*facts.Facts, error) {
	said, waited := "", func() {}
	defer func() { waited() }() //nolint:gocritic // waited is assigned below
	for {
		f, err := s.gather.gatherStable(ctx, sc)
		if lost := s.lock.lost(ctx); lost != nil {
			return nil, lost
		}
		if err != nil {
			return nil, err
		}
		d := verdict.Diagnose(f, s.options.Policy)
		left := s.lock.until.Sub(s.report.clock())
		if !verdict.AwaitOperation(f, d, teardown) || left <= 0 {
			return f, nil
		}
		if said == "" {
			waited = s.report.step("Wait for what may still be at work on the release")
		}
		if d.Cause != said {
			said = d.Cause
			s.report.say("Waiting up to " + left.Round(time.Second).String() + ", since " + d.Cause)
		}
		if err := s.awaitChange(ctx, f, left); err != nil && s.lock.lost(ctx) == nil {
			return nil, err
		}
		s.chart.refresh()
	}
}

// askCIEvery is how often the CI is asked again about a run that it says is
// running.
const askCIEvery = 10 * time.Second

// awaitChange returns when a record of the release changes, when the operation at
// work counts as dead, or when limit has passed.
func (s *session) awaitChange(ctx context.Context, f *facts.Facts, limit time.Duration) error {
	if from := verdict.PresumedDeadAt(f, s.options.Policy); !from.IsZero() {
		// The API server's Date has whole seconds.
		limit = min(limit, max(from.Sub(f.Now), 0)+time.Second)
	}
	if f.CI == facts.RunRunning {
		limit = min(limit, askCIEvery)
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.backend.Records.Changed(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil // the time is over
	}
	return err
}

// decision is a verb's plan for what was found.
type decision func(*facts.Facts, verdict.Diagnosis, verdict.Policy) verdict.Plan

// carriedOut is the last plan that was carried out, or refused.
type carriedOut struct {
	facts *facts.Facts
	plan  verdict.Plan
	performed
}

// carryOut plans and performs. It gathers the facts anew and plans again where the
// plan asks for it, and where a record was changed by somebody else before Helm
// began. ready is called before a plan's steps.
func (s *session) carryOut(ctx context.Context, f *facts.Facts, sc scope, decide decision,
	ready func(*facts.Facts, verdict.Plan) error) (carriedOut, error) {
	var err error
	for range maxLooks {
		if f == nil {
			if f, err = s.gather.gatherStable(ctx, sc); err != nil {
				return carriedOut{}, err
			}
		}
		out := carriedOut{facts: f}
		d := verdict.Diagnose(f, s.options.Policy)
		out.plan = decide(f, d, s.options.Policy)
		s.report.diagnosed(f, d, out.plan)
		if out.plan.Refusal != nil {
			return out, out.plan.Refusal
		}
		if err = ready(f, out.plan); err == nil {
			out.performed, err = s.steps.perform(ctx, out.plan.Steps, f)
		}
		switch changed := errors.Is(err, facts.ErrChanged) && !out.operated; {
		case changed:
			s.report.say("A record was changed meanwhile: decide anew")
		case err != nil, !out.plan.GatherAgain:
			return out, err
		}
		f = nil
	}
	if err == nil {
		err = &problem.Problem{Reason: problem.RepairFailed, Tried: "mend the records of release " + s.options.App.Release,
			Cause: errors.New("each repair brought another fault to light"), Next: "Run berth check to see where it stands."}
	}
	return carriedOut{}, err
}

// noteRollbacks adds the rollbacks of a plan to the repairs. What on-failure rolls back
// is none.
func (s *session) noteRollbacks(out carriedOut) {
	for _, r := range out.rollbacks {
		s.report.repaired("rollback", "Revision %d was applied anew, as revision %d.", r.target, r.revision)
	}
}

// revision names the revision of the result, at the begin of a sentence.
func (s *session) revision() string {
	return fmt.Sprintf("Revision %d of `%s`", s.report.result.Revision, s.report.result.Release)
}

// proven is the headline of a release that was proven: where it answers and what runs
// there, as far as they are known; "" where neither is. commit is the one that was
// deployed.
func (s *session) proven(commit string) string {
	what, url := "", s.options.App.URL
	if commit != "" {
		what = "commit `" + commit[:min(len(commit), 7)] + "`"
	}
	switch {
	case url == "" && what == "":
		return ""
	case url == "":
		what = text.Sentence(what + " is deployed in `" + s.options.App.Namespace + "`")
	case what == "":
		what = url + " is deployed."
	default:
		what = url + " is deployed from " + what + "."
	}
	return strings.TrimSuffix(what, ".") + "; what Helm stored is what runs."
}
