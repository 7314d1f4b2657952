package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// world is a cluster and a platform in memory.
type world struct {
	mu         sync.Mutex
	apps       []fleet.App
	readErr    error
	changed    map[string]fleet.App // what is read again, by namespace
	ends       map[string]error     // of a teardown, by namespace
	confirms   map[string]fleet.Answer
	answers    map[string]fleet.Answer
	unanswered string
	down       []string // in the order in which they went
	atWork     int
	locking    bool // a signal comes while each teardown waits for its lock
	most       int
	takes      time.Duration
	interrupt  func(went int)
	stored     int // the last revision of each, as its teardown finds it; 0: what was read
}

func (w *world) Read(context.Context) ([]fleet.App, error) { return w.apps, w.readErr }

func (w *world) Reread(_ context.Context, a fleet.App) (fleet.App, bool, error) {
	if again, ok := w.changed[a.Namespace]; ok {
		return again, again.Release == a.Release, nil
	}
	a.Held = true // by this run
	return a, true, nil
}

func (w *world) TakeDown(ctx context.Context, a fleet.App, agree func(context.Context, int) error) result.Result {
	w.mu.Lock()
	w.atWork++
	w.most = max(w.most, w.atWork)
	w.mu.Unlock()
	defer func() { w.mu.Lock(); w.atWork--; w.mu.Unlock() }()
	end := func(err error) result.Result {
		p := problem.Of(err)
		return result.Result{Exit: result.Exit{Reason: p.Reason, Headline: p.Sentence(), Next: p.Next}}
	}
	if err := w.ends[a.Namespace]; err != nil {
		return end(err)
	}
	if w.locking {
		<-ctx.Done()
		return end(&problem.Problem{Reason: problem.Terminated, Headline: "Interrupted."})
	}
	if err := agree(ctx, w.stored); err != nil {
		return end(err)
	}
	select {
	case <-time.After(w.takes):
	case <-ctx.Done():
		return end(&problem.Problem{Reason: problem.Terminated, Headline: "Interrupted."})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = append(w.down, a.Namespace)
	if w.interrupt != nil {
		w.interrupt(len(w.down))
	}
	return result.Result{Exit: result.Exit{Reason: problem.Consistent}}
}

func (*world) Now() time.Time   { return now }
func (*world) Clock() time.Time { return now }

func (w *world) Census(_ context.Context, apps []fleet.App) ([]fleet.Answer, string) {
	answers := make([]fleet.Answer, len(apps))
	for i, a := range apps {
		answers[i] = w.answer(w.answers, a)
	}
	return answers, w.unanswered
}

func (w *world) Confirm(_ context.Context, a fleet.App) fleet.Answer {
	answer := w.answer(w.confirms, a)
	answer.Alone = true
	return answer
}

func (w *world) answer(from map[string]fleet.Answer, a fleet.App) fleet.Answer {
	if answer, ok := from[a.Namespace]; ok {
		return answer
	}
	return fleet.Answer{Access: fleet.NotAsked}
}

const hash = "hash"

// one returns an app that was deployed long ago.
func one(name string, change func(*fleet.App)) fleet.App {
	a := fleet.App{Name: "shop", Namespace: name, Release: "shop", Host: "github.com", Repository: hash, Identity: "of " + name,
		Origin:   facts.Origin{Repository: "acme/shop", HeadRepository: "acme/shop", Branch: name},
		Revision: 1, Status: facts.StatusDeployed, Deployed: now.Add(-240 * time.Hour), Changed: now.Add(-240 * time.Hour), Dated: true,
		Marked: true}
	if change != nil {
		change(&a)
	}
	return a
}

func expired(a *fleet.App) { a.Expires = now.Add(-time.Hour) }

func (w *world) sweep(ctx context.Context, change func(*Options)) result.Result {
	o := Options{Policy: fleet.Policy{Host: "github.com", Repository: "acme/shop", RepositoryHash: hash, Since: now},
		Limits: fleet.Limits{MaxDeletions: 20}}
	if change != nil {
		change(&o)
	}
	s := Sweep{Options: o, Cluster: w, Platform: w, Say: func(string) {}, Phase: func(string) {},
		Stopped: func(ctx context.Context) error {
			if ctx.Err() == nil {
				return nil
			}
			return &problem.Problem{Reason: problem.Terminated, Headline: "Interrupted by SIGTERM."}
		}}
	return s.Run(ctx)
}

// fates returns each app's namespace, fate and reason, in their order.
func fates(r result.Result) (all []string) {
	for _, a := range r.Sweep.Apps {
		all = append(all, fmt.Sprintf("%s %s %s", a.Namespace, a.Fate, a.Reason))
	}
	return all
}

func TestSweep(t *testing.T) {
	closed := fleet.Answer{Access: fleet.Answered, At: now, Pull: fleet.PullClosed, Number: 7}
	open := fleet.Answer{Access: fleet.Answered, At: now, Pull: fleet.PullOpen, Number: 7}
	pull := func(a *fleet.App) { a.Origin.PullRequest = 7 }
	for _, tt := range []*struct {
		name   string
		world  world
		change func(*Options)
		reason problem.ExitReason
		fates  []string
		said   string // in the headline, the cause or the next step
	}{
		{name: "nothing there", reason: problem.NothingToDo, said: "there is no review app"},
		{name: "nothing to go", world: world{apps: []fleet.App{one("a", nil)}}, reason: problem.NothingToDo,
			fates: []string{"a kept no-reason"}, said: "none of which is to go"},
		{name: "expired", world: world{apps: []fleet.App{one("a", nil), one("b", expired)}}, reason: problem.Consistent,
			fates: []string{"a kept no-reason", "b went expired"}, said: "Of 2 review apps, 1 went."},
		{name: "open", world: world{apps: []fleet.App{one("a", pull)}, answers: map[string]fleet.Answer{"a": open}},
			reason: problem.NothingToDo, fates: []string{"a kept no-reason"}},
		{name: "of others", world: world{apps: []fleet.App{one("a", func(a *fleet.App) { expired(a); a.Repository = "other" })}},
			reason: problem.NothingToDo},
		{name: "dry run", world: world{apps: []fleet.App{one("a", expired), one("b", nil)}}, change: func(o *Options) { o.DryRun = true },
			reason: problem.Consistent, fates: []string{"a would-go expired", "b kept no-reason"}, said: "1 would go and 1 stay"},
		{name: "one fails", world: world{apps: []fleet.App{one("a", expired), one("b", expired)},
			ends: map[string]error{"a": &problem.Problem{Reason: problem.Foreign, Headline: "Somebody else's.", Next: "Look at it."}}},
			reason: problem.SweepIncomplete, fates: []string{"a failed expired", "b went expired"}, said: "1 went and 1 could not be taken down"},
		{name: "a run is at work", world: world{apps: []fleet.App{one("a", expired)},
			ends: map[string]error{"a": &problem.Problem{Reason: problem.LiveOperation}}}, reason: problem.NothingToDo,
			fates: []string{"a kept run-at-work"}},
		{name: "deployed since", world: world{apps: []fleet.App{one("a", expired)},
			changed: map[string]fleet.App{"a": one("a", func(a *fleet.App) { expired(a); a.Revision++ })}}, reason: problem.NothingToDo,
			fates: []string{"a kept deployed-since"}},
		{name: "upgraded since by hand", world: world{apps: []fleet.App{one("a", expired)}, stored: 2}, reason: problem.NothingToDo,
			fates: []string{"a kept deployed-since"}},
		{name: "marked since", world: world{apps: []fleet.App{one("a", expired)},
			changed: map[string]fleet.App{"a": one("a", func(a *fleet.App) { expired(a); a.Keep = "somebody says so" })}},
			reason: problem.NothingToDo, fates: []string{"a kept keep"}},
		{name: "gone since", world: world{apps: []fleet.App{one("a", expired)}, changed: map[string]fleet.App{"a": {}}},
			reason: problem.Consistent, fates: []string{"a went expired"}},
		{name: "gone since, and its namespace is left", world: world{apps: []fleet.App{one("a", expired)},
			changed: map[string]fleet.App{"a": one("a", func(a *fleet.App) { expired(a); a.Release = "made-for" })}},
			reason: problem.Consistent, fates: []string{"a went expired"}},
		{name: "gone since, and another was deployed there", world: world{apps: []fleet.App{one("a", expired)},
			changed: map[string]fleet.App{"a": one("a", func(a *fleet.App) { expired(a); a.Release, a.Deployed = "made-for", now })}},
			reason: problem.NothingToDo, fates: []string{"a kept deployed-since"}},
		{name: "gone since, and its namespace is another branch's", world: world{apps: []fleet.App{one("a", expired)},
			changed: map[string]fleet.App{"a": one("a", func(a *fleet.App) { expired(a); a.Release, a.Identity = "made-for", "another" })}},
			reason: problem.NothingToDo, fates: []string{"a kept deployed-since"}},
		{name: "closed", world: world{apps: []fleet.App{one("a", pull)}, answers: map[string]fleet.Answer{"a": closed},
			confirms: map[string]fleet.Answer{"a": closed}}, reason: problem.Consistent, fates: []string{"a went pull-request-closed"}},
		{name: "opened anew", world: world{apps: []fleet.App{one("a", pull)}, answers: map[string]fleet.Answer{"a": closed},
			confirms: map[string]fleet.Answer{"a": open}}, reason: problem.NothingToDo, fates: []string{"a kept no-reason-more"}},
		{name: "not confirmed", world: world{apps: []fleet.App{one("a", pull)}, answers: map[string]fleet.Answer{"a": closed},
			confirms: map[string]fleet.Answer{"a": {Why: "it answered 500"}}}, reason: problem.SweepIncomplete,
			fates: []string{"a kept unknown-to-the-platform"}, said: "1 review app would go, and was kept, since the platform has not answered."},
		{name: "the answer is of another time", world: world{apps: []fleet.App{one("a", pull)}, answers: map[string]fleet.Answer{"a": closed},
			confirms: map[string]fleet.Answer{"a": {Access: fleet.Answered, At: now.Add(-time.Hour), Pull: fleet.PullClosed, Number: 7}}},
			reason: problem.SweepIncomplete, fates: []string{"a kept unknown-to-the-platform"}},
		{name: "over max-deletions", world: world{apps: []fleet.App{one("a", expired), one("b", expired)}},
			change: func(o *Options) { o.Limits.MaxDeletions = 1 }, reason: problem.SweepIncomplete,
			fates: []string{"a went expired", "b left expired"}, said: "max-deletions is 1"},
		{name: "may not list", world: world{readErr: &problem.Problem{Reason: problem.PermissionMissing, Tried: "list namespaces"}},
			reason: problem.PermissionMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.world.sweep(t.Context(), tt.change)
			if r.Reason != tt.reason || !slices.Equal(fates(r), tt.fates) {
				t.Errorf("%s: %q, want %s: %q\n%+v", r.Reason, fates(r), tt.reason, tt.fates, r.Sweep.Apps)
			}
			if said := strings.Join([]string{r.Headline, r.Cause, r.Next}, "\n"); !strings.Contains(said, tt.said) {
				t.Errorf("%q is not said in\n%s", tt.said, said)
			}
			for _, a := range r.Sweep.Apps {
				if a.Why == "" {
					t.Errorf("%s: no word on why", a.Namespace)
				}
			}
		})
	}
}

func many(n int, change func(*fleet.App)) (apps []fleet.App) {
	for i := range n {
		apps = append(apps, one(fmt.Sprintf("n%03d", i), change))
	}
	return apps
}

// More than half of many apps go only where that was said; a dry run says that a real one would
// refuse, and is no failure.
func TestSweepRefusesMoreThanHalf(t *testing.T) {
	w := world{apps: many(12, expired)}
	r := w.sweep(t.Context(), nil)
	if r.Reason != problem.SweepIncomplete || len(w.down) != 0 || !strings.Contains(r.Headline, "more than half") ||
		!strings.Contains(r.Next, "yes-many") {
		t.Errorf("%s, %d went: %s %s", r.Reason, len(w.down), r.Headline, r.Next)
	}
	r = w.sweep(t.Context(), func(o *Options) { o.DryRun = true })
	if r.Reason != problem.Consistent || len(r.Sweep.Of(result.FateWouldGo)) != 12 || !strings.Contains(r.Headline, "would refuse") {
		t.Errorf("dry run: %s: %s", r.Reason, r.Headline)
	}
	r = w.sweep(t.Context(), func(o *Options) { o.Limits.YesMany = true })
	if r.Reason != problem.Consistent || len(w.down) != 12 {
		t.Errorf("yes-many: %s, %d went", r.Reason, len(w.down))
	}
}

// Many go at the same time, and no more than that. After the first signal none is begun.
func TestSweepManyAtOnceUntilASignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world{apps: many(100, expired), takes: time.Second}
		all := func(o *Options) { o.Limits = fleet.Limits{MaxDeletions: 100, YesMany: true} }
		if r := w.sweep(t.Context(), all); r.Reason != problem.Consistent || len(w.down) != 100 || w.most != AtOnce {
			t.Errorf("%s, %d went, %d at once", r.Reason, len(w.down), w.most)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		w = world{apps: many(100, expired), takes: time.Second, interrupt: func(went int) {
			if went == 20 {
				cancel(errors.New("a signal"))
			}
		}}
		r := w.sweep(ctx, all)
		went, left := len(r.Sweep.Of(result.FateWent)), len(r.Sweep.Of(result.FateLeft))
		if r.Reason != problem.Terminated || went < 20 || went > 20+AtOnce || went+left != 100 || len(w.down) != went {
			t.Errorf("%s: %d went, %d are left: %s", r.Reason, went, left, r.Headline)
		}
		if !strings.Contains(r.Headline, "Interrupted by SIGTERM; ") || strings.Contains(r.Headline, "nothing") {
			t.Error(r.Headline)
		}
	})
}

// An interrupted sweep says what it has touched: what went, what failed, and what it has begun.
func TestInterruptedSweepSaysWhatItTouched(t *testing.T) {
	failing := map[string]error{"n000": &problem.Problem{Reason: problem.Foreign, Headline: "Somebody else's."}}
	for _, tt := range []*struct {
		name  string
		world world
		after time.Duration // comes the signal
		begun int
		said  string
	}{
		{"before anything", world{apps: many(3, expired), locking: true}, time.Second, 0, "nothing was touched."},
		{"one begun", world{apps: many(1, expired), takes: time.Hour}, time.Second, 1,
			"1 review app was begun and is not gone; the next sweep goes on with it."},
		{"six begun", world{apps: many(6, expired), takes: time.Hour}, time.Second, 6,
			"6 review apps were begun and are not gone; the next sweep goes on with them."},
		{"some went", world{apps: many(20, expired), takes: 2 * time.Second}, 3 * time.Second, 4,
			"16 review apps went; 4 review apps were begun and are not gone; the next sweep goes on with them."},
		{"one failed", world{apps: many(3, expired), ends: failing, takes: time.Hour}, time.Second, 2,
			"1 review app could not be taken down; 2 review apps were begun and are not gone; the next sweep goes on with them."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(tt.after, func() { cancel(errors.New("a signal")) })
				r := tt.world.sweep(ctx, func(o *Options) { o.Limits.YesMany = true })
				begun := 0
				for _, a := range r.Sweep.Apps {
					if a.Begun {
						begun++
					}
					if a.Fate == result.FateLeft && a.Begun != strings.Contains(a.Why, "while it took this one down") {
						t.Errorf("%s, begun %t: %s", a.Namespace, a.Begun, a.Why)
					}
				}
				if want := "Interrupted by SIGTERM; " + tt.said; r.Reason != problem.Terminated || begun != tt.begun || r.Headline != want {
					t.Errorf("%s, %d begun: %q, want %q", r.Reason, begun, r.Headline, want)
				}
			})
		})
	}
}

func TestNotesAreBounded(t *testing.T) {
	w := world{apps: many(30, expired), ends: map[string]error{}}
	for _, a := range w.apps {
		w.ends[a.Namespace] = &problem.Problem{Reason: problem.Unanswered, Headline: "No answer."}
	}
	r := w.sweep(t.Context(), func(o *Options) { o.Limits = fleet.Limits{MaxDeletions: 30, YesMany: true} })
	if len(r.Notes) != maxNotes || !strings.Contains(r.Notes[maxNotes-1].Message, "And 21 more") {
		t.Errorf("%d notes, the last of them %v", len(r.Notes), r.Notes[len(r.Notes)-1])
	}
}

// What a teardown warns of, and what it left since somebody wants it kept, is named of the app
// that went.
func TestWhatATeardownSaysIsTold(t *testing.T) {
	s := Sweep{}
	got := s.became(t.Context(), one("a", nil), fleet.Decision{Reason: fleet.ReasonExpired}, result.Result{
		Exit: result.Exit{Reason: problem.Consistent}, Log: result.Log{Notes: []result.Note{
			{Level: result.LevelNotice, Title: result.KeptOnPurpose, Message: "ConfigMap/a stays: it is marked."},
			{Level: result.LevelNotice, Title: "Volumes that go", Message: "data"},
			{Level: result.LevelNotice, Title: result.NoLock, Message: "403."},
			{Level: result.LevelWarning, Title: "Left to its owner", Message: "Secret/b."},
			{Level: result.LevelWarning, Title: "Copies not removed", Message: "403."},
		}}}, &agreement{}).Left
	want := []string{"Kept on purpose: ConfigMap/a stays: it is marked.", "No lock: 403.", "Copies not removed: 403."}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An app that the platform's silence alone keeps makes a sweep incomplete, which is no success of it.
func TestSweepThatThePlatformsSilenceKeeps(t *testing.T) {
	marked := func(a *fleet.App) { expired(a); a.Keep = "somebody says so" }
	over := func(o *Options) { o.Limits.MaxApps = 1 }
	dry := func(o *Options) { o.DryRun = true }
	for _, tt := range []*struct {
		name   string
		apps   []fleet.App
		access fleet.Access
		change func(*Options)
		reason problem.ExitReason
		end    result.SweepEnd
		said   string // the headline
	}{
		{"would go", []fleet.App{one("a", expired), one("b", expired), one("c", nil)}, fleet.Unanswered, nil, problem.SweepIncomplete,
			result.SweepIncomplete, "2 review apps would go, and were kept, since the platform has not answered: it answered 401."},
		{"over max-apps", []fleet.App{one("a", nil), one("b", nil)}, fleet.Unanswered, over, problem.SweepIncomplete,
			result.SweepIncomplete, "1 review app would go, and was kept, since the platform has not answered: it answered 401."},
		{"expired, which makes room", []fleet.App{one("a", expired), one("b", nil)}, fleet.Unanswered, over, problem.SweepIncomplete,
			result.SweepIncomplete, "1 review app would go, and was kept, since the platform has not answered: it answered 401."},
		{"none would go", []fleet.App{one("a", nil)}, fleet.Unanswered, nil, problem.NothingToDo, result.SweepComplete,
			"Nothing to sweep: 1 review app, none of which is to go."},
		{"kept anyway", []fleet.App{one("a", marked)}, fleet.Unanswered, nil, problem.NothingToDo, result.SweepComplete,
			"Nothing to sweep: 1 review app, none of which is to go."},
		{"dry run", []fleet.App{one("a", expired)}, fleet.Unanswered, dry, problem.Consistent, result.SweepDry,
			"Dry run: of 1 review app, 0 would go and 1 stay. 1 of those that stay would go, and is kept, " +
				"since the platform has not answered: it answered 401."},
		{"without a token", []fleet.App{one("a", expired)}, fleet.NotAsked, nil, problem.Consistent, result.SweepComplete,
			"Of 1 review app, 1 went."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := world{apps: tt.apps, unanswered: "it answered 401", answers: map[string]fleet.Answer{}, confirms: map[string]fleet.Answer{}}
			for _, a := range tt.apps {
				w.answers[a.Namespace], w.confirms[a.Namespace] = fleet.Answer{Access: tt.access}, fleet.Answer{Access: tt.access}
			}
			r := w.sweep(t.Context(), tt.change)
			totals := result.SweepTotals{}.With(r, now)
			if r.Reason != tt.reason || r.Headline != tt.said || totals.Ends[tt.end] != 1 ||
				totals.LastSuccess.IsZero() == (tt.end == result.SweepComplete) || len(w.down) > 0 != (tt.access == fleet.NotAsked) {
				t.Errorf("%s, %q, %+v, went %v", r.Reason, r.Headline, totals, w.down)
			}
		})
	}
}

// Without a token an app goes by its time. Where the platform was asked and has not answered, it is kept.
func TestSweepSaysWhatASilentPlatformMeans(t *testing.T) {
	for said, access := range map[string]fleet.Access{"whatever label": fleet.NotAsked, "which keeps it": fleet.Unanswered} {
		answer := fleet.Answer{Access: access}
		w := world{apps: []fleet.App{one("a", expired)}, unanswered: "it said nothing", answers: map[string]fleet.Answer{"a": answer},
			confirms: map[string]fleet.Answer{"a": answer}}
		r := w.sweep(t.Context(), nil)
		if len(w.down) == 1 != (access == fleet.NotAsked) || len(r.Notes) != 1 || !strings.Contains(r.Notes[0].Message, said) {
			t.Errorf("%d went, and it says %+v, want %q", len(w.down), r.Notes, said)
		}
	}
}
