package progress

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/facts"
)

var start = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// some makes an object from "Kind/name ready/wanted".
func some(kind, name string, ready, wanted int, reason string) facts.Awaited {
	return facts.Awaited{Ref: facts.Ref{Kind: kind, Namespace: "review", Name: name}, Ready: ready, Wanted: wanted, Reason: reason}
}

func satisfied(a facts.Awaited) facts.Awaited {
	a.Satisfied, a.Ready, a.Reason = true, a.Wanted, ""
	return a
}

func failed(a facts.Awaited, why string) facts.Awaited {
	a.Failed, a.Reason = true, why
	return a
}

var (
	config = some("ConfigMap", "web", 0, 0, "")
	web    = some("Deployment", "web", 0, 2, "Available: 0/2")
	db     = some("StatefulSet", "db", 0, 1, "")
)

func asIs(s string) string { return s }

// script plays a run's moments and gives all that was printed with its time.
type script struct {
	lines   log
	printed time.Time
	log     []string
}

func (s *script) print(now time.Time, all ...string) {
	for _, line := range all {
		s.log = append(s.log, fmt.Sprintf("%5.1f %s", now.Sub(start).Seconds(), line))
		s.printed = now
	}
}

// until prints all that falls due before then.
func (s *script) until(then time.Time) {
	for {
		due := s.lines.due(s.printed)
		if due.After(then) {
			return
		}
		s.print(due, s.lines.next(due, s.printed)...)
	}
}

func (s *script) begin(now time.Time, aim Condition, all ...facts.Awaited) {
	s.until(now)
	s.lines.begin(now, newWait(aim, now, all, "review", asIs))
}

func (s *script) saw(now time.Time, all ...facts.Awaited) {
	s.until(now)
	for _, a := range all {
		s.lines.update(now, s.lines.wait.update(now, a, asIs))
	}
}

func (s *script) end(now time.Time) {
	s.until(now)
	s.print(now, s.lines.end(now)...)
}

func TestLines(t *testing.T) {
	moved := func(a facts.Awaited, ready int, why string) facts.Awaited {
		a.Ready, a.Reason = ready, why
		return a
	}
	tests := map[string]struct {
		play func(s *script)
		want []string
	}{
		"a slow rollout": {func(s *script) {
			s.begin(at(0), Ready, satisfied(config), web, db)
			s.saw(at(1), moved(web, 0, "pod web-1: pulling"), moved(db, 0, "pod db-0: not started yet"))
			s.saw(at(3), moved(web, 1, "pod web-2: not started yet"))
			s.saw(at(4), satisfied(db))
			s.saw(at(6), satisfied(web))
			s.end(at(6))
		}, []string{
			"  0.2 Waiting for 2 of 3 objects to be ready: Deployment/web (0 of 2), StatefulSet/db (0 of 1)",
			"  1.2 Deployment/web: 0 of 2 ready: pod web-1: pulling",
			"  1.2 StatefulSet/db: 0 of 1 ready: pod db-0: not started yet",
			"  3.2 Deployment/web: 1 of 2 ready: pod web-2: not started yet",
			"  4.2 StatefulSet/db: ready after 4.0 s",
			"  6.0 Deployment/web: ready after 6.0 s",
			"  6.0 All 3 objects ready after 6.0 s",
		}},
		"a quick one is one line": {func(s *script) {
			s.begin(at(0), Ready, satisfied(config), web)
			s.saw(at(0.1), moved(web, 1, ""))
			s.saw(at(0.15), satisfied(web))
			s.end(at(0.15))
		}, []string{"  0.1 All 2 objects ready after 150 ms"}},
		"at once": {func(s *script) { s.begin(at(0), Ready, satisfied(config), satisfied(db)); s.end(at(0)) },
			[]string{"  0.0 All 2 objects ready at once"}},
		"was not there": {func(s *script) { s.begin(at(0), Gone, satisfied(config)); s.end(at(0)) }, nil},
		"nothing":       {func(s *script) { s.begin(at(0), Ready); s.end(at(0)) }, nil},
		"one, quick": {func(s *script) { s.begin(at(0), Ready, web); s.saw(at(0.1), satisfied(web)); s.end(at(0.1)) },
			[]string{"  0.1 Deployment/web: ready after 100 ms"}},
		"an end cut short": {func(s *script) { s.begin(at(0), Ready, web); s.end(at(5)) },
			[]string{"  0.2 Waiting for 1 object to be ready: Deployment/web (0 of 2)"}},
		"a hook": {func(s *script) {
			seed := some("Job", "seed", 0, 1, "")
			s.begin(at(0), Done, seed)
			s.saw(at(4), satisfied(seed))
			s.end(at(4))
		}, []string{"  0.2 Waiting for 1 object to be done: Job/seed (0 of 1)", "  4.0 Job/seed: done after 4.0 s"}},
		"what goes has no count": {func(s *script) {
			s.begin(at(0), Gone, web, db)
			s.saw(at(1), moved(web, 0, `it is held by finalizers ["a"]`))
			s.saw(at(5), satisfied(web), satisfied(db))
			s.end(at(5))
		}, []string{
			"  0.2 Waiting for 2 objects to be gone: Deployment/web, StatefulSet/db",
			`  1.2 Deployment/web: not gone: it is held by finalizers ["a"]`,
			"  5.0 Deployment/web: gone after 5.0 s",
			"  5.0 StatefulSet/db: gone after 5.0 s",
			"  5.0 All 2 objects gone after 5.0 s",
		}},
		"a failure": {func(s *script) {
			s.begin(at(0), Ready, web, db)
			s.saw(at(3), failed(web, "pod web-1: ImagePullBackOff"))
			s.end(at(3))
		}, []string{
			"  0.2 Waiting for 2 objects to be ready: Deployment/web (0 of 2), StatefulSet/db (0 of 1)",
			"  3.0 Deployment/web: failed after 3.0 s: pod web-1: ImagePullBackOff",
		}},
		"one that flaps is told of once a second, and never twice the same": {func(s *script) {
			s.begin(at(0), Ready, web)
			for i := 10; i <= 39; i++ {
				s.saw(at(float64(i)/10), moved(web, i/7%2, ""))
			}
			s.end(at(5))
		}, []string{
			"  0.2 Waiting for 1 object to be ready: Deployment/web (0 of 2)",
			"  1.2 Deployment/web: 1 of 2 ready",
			"  3.2 Deployment/web: 0 of 2 ready",
			"  4.2 Deployment/web: 1 of 2 ready",
		}},
		"a sign of life while nothing changes": {func(s *script) {
			s.print(at(0), "Take the lock")
			s.lines.say(at(0), "Take the lock")
			s.begin(at(70), Ready, satisfied(config), moved(web, 1, "pod web-2: not started yet"))
			s.end(at(135))
		}, []string{
			"  0.0 Take the lock",
			" 30.0 Still at it after 30 s: Take the lock",
			" 60.0 Still at it after 1 min 0 s: Take the lock",
			" 70.2 Waiting for 1 of 2 objects to be ready: Deployment/web (1 of 2)",
			"100.2 Still waiting after 30 s: 1 of 2 ready; Deployment/web (1 of 2: pod web-2: not started yet)",
			"130.2 Still waiting after 1 min 0 s: 1 of 2 ready; Deployment/web (1 of 2: pod web-2: not started yet)",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &script{printed: start}
			tt.play(s)
			if diff := cmp.Diff(tt.want, s.log); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A large chart does not fill the log, however restless its objects are.
func TestLinesOfALargeChart(t *testing.T) {
	var all []facts.Awaited
	for i := range 300 {
		all = append(all, some("Deployment", fmt.Sprintf("web-%d", i), 0, 2, ""))
	}
	s := &script{printed: start}
	s.begin(at(0), Ready, all...)
	for tick := range 3000 { // ten changes a second, and one of them for good
		a := all[tick/10]
		if a.Ready = tick%10 + 1; tick%10 == 9 {
			a = satisfied(a)
		} else {
			other := (tick/10 + tick%10) % 300
			if a = all[other]; other < tick/10 {
				a = satisfied(a)
			} else {
				a.Ready = tick % 2
			}
		}
		s.saw(at(float64(tick)/10), a)
	}
	s.end(at(300))
	log := strings.Join(s.log, "\n")
	if n := len(s.log); n > 90 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	for _, line := range []string{
		"  0.2 Waiting for 300 objects to be ready: Deployment/web-0 (0 of 2), Deployment/web-1 (1 of 2), Deployment/web-2 (0 of 2) and 297 more\n",
		"  2.2 2 of 300 ready after 2.2 s; waiting for Deployment/web-2 (",
		"300.0 All 300 objects ready after 5 min 0 s",
	} {
		if !strings.Contains(log, line) {
			t.Errorf("no %q in\n%s", line, log)
		}
	}
}

// Nothing that is due may stay so: the timer would come back at once, for ever.
func TestLinesAreNeverDueInVain(t *testing.T) {
	var l log
	for range 5 {
		now := l.due(start)
		l.next(now, start)
		if due := l.due(start); !due.After(now) {
			t.Fatalf("due at %s again, which is now", due)
		}
	}
}
