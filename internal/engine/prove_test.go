package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// issuing makes web a custom resource whose controller is done after some time.
func issuing(takes time.Duration) func(*scene) {
	return func(s *scene) {
		var began time.Time
		s.cluster.on("Observe", func(int) error {
			if began.IsZero() {
				began = time.Now()
			}
			s.cluster.edit("web", func(o *facts.Object) {
				o.Custom, o.Ready, o.Reason = true, time.Since(began) >= takes, "Issuing"
			})
			return nil
		})
	}
}

// Controllers of custom resources may use what a deploy has left of its timeout. A
// check has its own time only, and nothing else gets more of it.
func TestProofAwaitsControllers(t *testing.T) {
	took := func(least, most time.Duration) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, _ *scene, r result.Result) {
			if r.Took < least || r.Took > most {
				t.Errorf("it took %s", r.Took)
			}
		}
	}
	perform(t, []play{
		{name: "a controller that is done after the check-timeout", verb: verb.Deploy, asked: "install", reason: problem.Consistent,
			set:   issuing(2 * time.Minute),
			check: took(2*time.Minute, 2*time.Minute+3*time.Second)},
		{name: "one that is never done", verb: verb.Deploy, asked: "install", reason: problem.Inconsistent, set: issuing(time.Hour),
			says: []string{"the timeout of 5m0s has passed"}, check: took(5*time.Minute, 5*time.Minute+3*time.Second)},
		{name: "one that is late for a check", records: one, verb: verb.Check, reason: problem.Inconsistent, set: issuing(2 * time.Minute),
			check: took(time.Minute, time.Minute+3*time.Second)},
		{name: "a workload that is late", verb: verb.Deploy, asked: "install", reason: problem.Inconsistent,
			set: func(s *scene) {
				s.cluster.on("Observe", func(int) error {
					s.cluster.edit("web", func(o *facts.Object) { o.Ready = false })
					return nil
				})
			}, check: took(time.Minute, time.Minute+3*time.Second)},
	})
}

// A Job that fails after the rollout fails the deploy at once.
func TestProofEndsWithAFailedJob(t *testing.T) {
	fails := func(s *scene) {
		s.cluster.on("Observe", func(int) error {
			s.cluster.edit("web", func(o *facts.Object) {
				o.Kind, o.Ready, o.Failed, o.Reason = "Job", false, true, "BackoffLimitExceeded"
			})
			return nil
		})
	}
	perform(t, []play{
		{name: "in a deploy", verb: verb.Deploy, asked: "install", reason: problem.DeployFailed, set: fails,
			says: []string{"BackoffLimitExceeded", "is deployed, and failed after that"}},
		{name: "in a check", records: one, verb: verb.Check, reason: problem.Inconsistent, set: fails, says: []string{"BackoffLimitExceeded"}},
	})
}

func TestProofTellsRemarks(t *testing.T) {
	notes := func(want ...string) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, _ *scene, r result.Result) {
			var got []string
			for _, n := range r.Notes {
				got = append(got, string(n.Level)+": "+n.Message)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("notes %q, want %q", got, want)
			}
		}
	}
	web := func(change func(*facts.Object), patterns ...string) func(*scene) {
		return func(s *scene) {
			s.options.WaitIgnore = patterns
			s.cluster.edit("web", change)
		}
	}
	many := func() []facts.Record {
		rec := one()[0]
		rec.Manifest = "v1: a b c d e f g"
		return []facts.Record{rec}
	}
	perform(t, []play{
		{name: "a warning", records: one, verb: verb.Check, reason: problem.Consistent,
			set:   web(func(o *facts.Object) { o.Remark = facts.Remark{Text: "no room", Warning: true} }),
			check: notes("warning: Deployment/web: no room.")},
		{name: "a remark", records: one, verb: verb.Check, reason: problem.Consistent,
			set:   web(func(o *facts.Object) { o.Remark = facts.Remark{Text: "it still runs"} }),
			check: notes("notice: Deployment/web: it still runs.")},
		{name: "what is left out", records: one, verb: verb.Check, reason: problem.Consistent,
			set:   web(func(o *facts.Object) { o.Ready, o.Ignored, o.Reason = false, true, "no key" }, "Deployment/*", "Job/x"),
			check: notes("notice: Deployment/web (not ready: no key).", `notice: wait-ignore names "Job/x", which is no object of the release.`)},
		{name: "drift of nothing", records: one, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) {
				s.options.Policy.IgnoreDrift = []string{"Deployment/web:spec.replicas", "Deploymnt/web:spec.replicas"}
			},
			check: notes(`notice: ignore-drift names "Deploymnt/web", which is no object of the release.`)},
		{name: "many of them", records: many, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) {
				for _, name := range strings.Fields("a b c d e f g") {
					s.cluster.edit(name, func(o *facts.Object) { o.Remark.Text = "odd" })
				}
			},
			check: notes("notice: Deployment/a: odd.", "notice: Deployment/b: odd.", "notice: Deployment/c: odd.", "notice: Deployment/d: odd.",
				"notice: Deployment/e: odd.", "notice: And 2 objects more; see the objects in the report.")},
		{name: "nothing that was not seen", records: one, verb: verb.Check, reason: problem.Unanswered,
			set:   func(s *scene) { s.cluster.fail("Observe", 1, errSilent) },
			check: func(*testing.T, *scene, result.Result) {}},
	})
}

var errSilent = &problem.Problem{Reason: problem.Unanswered, Tried: "look", Cause: errors.New("silence"), Next: "Run again."}
