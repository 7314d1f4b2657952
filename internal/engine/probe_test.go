package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// fakeURL is a review app that answers as it should once the time has come.
type fakeURL struct {
	after time.Duration
	asked int
	while func() // it is asked
}

func (u *fakeURL) Answers(ctx context.Context) (string, error) {
	u.asked++
	if u.while != nil {
		u.while()
	}
	select {
	case <-time.After(u.after):
		return "200 OK", nil
	case <-ctx.Done():
		return "", &problem.Problem{Reason: problem.ProbeFailed, Headline: "https://x does not answer as it should.",
			Cause: errors.New("the name x has no address"), Next: "Make a DNS record."}
	}
}

func TestProbe(t *testing.T) {
	url := &fakeURL{}
	asks := func(u fakeURL) func(*scene) {
		return func(s *scene) {
			*url = u
			s.url, s.options.Probe = url, time.Minute
		}
	}
	checked := func(ok bool, detail string) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, _ *scene, r result.Result) {
			if len(r.Checks) == 0 {
				t.Fatal("nothing was checked")
			}
			if last := r.Checks[len(r.Checks)-1]; last.Name != "url" || last.OK != ok || last.Detail != detail {
				t.Errorf("the last check is %+v", last)
			}
		}
	}
	perform(t, []play{
		{name: "it answers in time", records: one, verb: verb.Deploy, reason: problem.Consistent, set: asks(fakeURL{after: 30 * time.Second}),
			stored: "1 superseded, 2 deployed", asked: "upgrade", check: checked(true, "200 OK")},
		{name: "it never does", records: one, verb: verb.Deploy, reason: problem.ProbeFailed, set: asks(fakeURL{after: time.Hour}),
			stored: "1 superseded, 2 deployed", asked: "upgrade", says: []string{"does not answer as it should", "no address", "DNS record"},
			check: checked(false, "the name x has no address")},
		{name: "nobody asks", records: one, verb: verb.Deploy, reason: problem.Consistent,
			set:    all(asks(fakeURL{after: time.Hour}), func(s *scene) { s.options.Probe = 0 }),
			stored: "1 superseded, 2 deployed", asked: "upgrade"},
		{name: "a check does not ask", records: one, verb: verb.Check, reason: problem.Consistent, set: asks(fakeURL{after: time.Hour})},
		{name: "not after a deploy that failed", records: one, verb: verb.Deploy, reason: problem.DeployFailed,
			set:    all(asks(fakeURL{}), func(s *scene) { s.helm.fault = "fails" }),
			stored: "1 deployed, 2 failed", asked: "upgrade",
			check: func(t *testing.T, _ *scene, _ result.Result) {
				if url.asked > 0 {
					t.Error("the URL was asked")
				}
			}},
		{name: "interrupted meanwhile", records: one, verb: verb.Deploy, reason: problem.Terminated,
			set: func(s *scene) {
				asks(fakeURL{after: time.Hour, while: s.signal})(s)
			},
			stored: "1 superseded, 2 deployed", asked: "upgrade", says: []string{"nothing is stuck"}},
	})
}

func TestChartTests(t *testing.T) {
	asks := func(tests int, err error) func(*scene) {
		return func(s *scene) { s.options.Test, s.helm.tests, s.helm.testErr = true, tests, err }
	}
	last := func(r result.Result) result.Check { return r.Checks[len(r.Checks)-1] }
	perform(t, []play{
		{name: "they pass", records: one, verb: verb.Deploy, reason: problem.Consistent, set: asks(2, nil),
			stored: "1 superseded, 2 deployed", asked: "upgrade, test",
			check: func(t *testing.T, _ *scene, r result.Result) {
				if c := last(r); c.Name != "tests" || !c.OK || c.Detail != "2 of 2" {
					t.Errorf("got %+v", c)
				}
			}},
		{name: "one fails", records: one, verb: verb.Deploy, reason: problem.ProbeFailed, set: asks(2, errors.New("the test said no")),
			stored: "1 superseded, 2 deployed", asked: "upgrade, test", says: []string{"A test of `web` failed: revision 2 is deployed", "said no"},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if c := last(r); c.Name != "tests" || c.OK {
					t.Errorf("got %+v", c)
				}
			}},
		{name: "one is somebody else's", records: one, verb: verb.Deploy, reason: problem.Foreign,
			set:    asks(1, &problem.Problem{Reason: problem.Foreign, Headline: "It is theirs.", Next: "Rename it."}),
			stored: "1 superseded, 2 deployed", asked: "upgrade, test"},
		{name: "there are none", records: one, verb: verb.Deploy, reason: problem.Consistent, set: asks(0, nil),
			stored: "1 superseded, 2 deployed", asked: "upgrade, test",
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Notes) == 0 || r.Notes[len(r.Notes)-1].Title != "No tests" {
					t.Errorf("notes %+v", r.Notes)
				}
			}},
		{name: "a test fails, and the URL is not asked", records: one, verb: verb.Deploy, reason: problem.ProbeFailed,
			set:    all(asks(1, errors.New("no")), func(s *scene) { s.url, s.options.Probe = &fakeURL{}, time.Minute }),
			stored: "1 superseded, 2 deployed", asked: "upgrade, test",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.url.(*fakeURL).asked > 0 {
					t.Error("the URL was asked")
				}
			}},
	})
}
