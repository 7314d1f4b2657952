package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// scene is a release on a fake cluster, and the run that is about to begin. Time
// is that of testing/synctest: a wait takes no time once everybody waits.
type scene struct {
	cluster *fakeCluster
	access  *fakeAccess
	needs   fakeNeeds
	locker  *fakeLocker
	chart   *fakeChart
	helm    *fakeHelm
	runs    *fakeRuns
	url     URL
	options Options
	said    []string
	agree   func(context.Context, *facts.Facts) error
	begun   int // how often the run has told that it is at work
	beside  fakeCompanions
	ctx     context.Context
	cancel  context.CancelCauseFunc
}

func newScene(ctx context.Context, records ...facts.Record) *scene {
	cluster := newFakeCluster()
	ctx, cancel := context.WithCancelCause(ctx)
	s := &scene{
		ctx: ctx, cancel: cancel,
		cluster: cluster, access: &fakeAccess{denied: map[string]bool{}, optional: map[string]bool{}},
		locker: &fakeLocker{found: facts.Lock{State: facts.LockEnded}, held: fakeHeld{lost: make(chan struct{})}}, chart: &fakeChart{},
		helm: &fakeHelm{fakeRecords: newFakeRecords(records...), cluster: cluster}, runs: &fakeRuns{},
		options: Options{
			App: app.App{App: "shop", Namespace: "review", Release: "web", Identity: "me"}, Run: "this-run", Branch: "feature/x",
			Timeout: 5 * time.Minute, LockTimeout: 5 * time.Minute, CheckTimeout: time.Minute, RBACWait: 10 * time.Second,
			Confirm: 1, MaxHistory: 10, CreateNamespace: true, Preflight: true,
			Policy: verdict.Policy{OnStuck: verdict.OnStuckAuto, OnFailure: verdict.OnFailureKeep, AssumeDeadAfter: 30 * time.Minute,
				Grace: time.Minute},
		},
	}
	for _, rec := range records {
		if rec.LabelStatus == facts.StatusDeployed || rec.LabelStatus == facts.StatusSuperseded {
			for _, name := range namesIn(rec.Manifest) {
				cluster.put(healthy(name))
			}
		}
	}
	return s
}

// run runs a verb in the scene.
func (s *scene) run(v verb.Verb) result.Result {
	defer s.cancel(nil)
	e := &Engine{Options: s.options, Backend: Backend{
		Server: s.cluster, Namespaces: s.cluster, Objects: s.cluster, Companions: &s.beside, Access: s.access, Needs: s.needs, Locker: s.locker,
		Chart: s.chart, Operations: s.helm, Records: s.helm, Runs: s.runs, URL: s.url,
		Begun: func() { s.begun++ }, Agree: s.agree,
		Clock: time.Now, Say: func(line string) { s.said = append(s.said, line) },
		Phase: func(title string) { s.said = append(s.said, title) },
	}}
	return e.Run(s.ctx, v)
}

// signal interrupts the run, as the caller does on SIGTERM.
func (s *scene) signal() { s.cancel(&Interrupt{Signal: "SIGTERM", Reason: problem.Terminated}) }

// by is a record that another run of Berth's left.
func by(run string, rec facts.Record) facts.Record {
	rec.Stamp = facts.Stamp{Run: run, Revision: rec.Revision, Deadline: time.Now().Add(time.Hour)}
	rec.Identity, rec.Managers = "me", []string{facts.FieldManager}
	rec.Created, rec.Touched = time.Now(), time.Now()
	return rec
}

// play is one scene with a verb and what has to come of it.
type play struct {
	name    string
	records func() []facts.Record
	set     func(*scene)
	verb    verb.Verb
	reason  problem.ExitReason
	stored  string   // the records afterwards; "-" for none, "" for any
	asked   string   // Helm's operations, joined by commas
	repair  string   // the result's
	says    []string // in headline, cause or next
	check   func(*testing.T, *scene, result.Result)
}

// perform plays every play in a time of its own.
func perform(t *testing.T, plays []play) {
	t.Helper()
	for _, p := range plays {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { p.perform(t) })
		})
	}
}

func (p *play) perform(t *testing.T) {
	var records []facts.Record
	if p.records != nil {
		records = p.records()
	}
	s := newScene(t.Context(), records...)
	if p.set != nil {
		p.set(s)
	}
	r := s.run(p.verb)
	if r.Reason != p.reason {
		t.Errorf("reason %s, want %s: %s %s; next: %s", r.Reason, p.reason, r.Headline, r.Cause, r.Next)
	}
	if got := s.helm.statuses(); p.stored != "" && got != strings.Trim(p.stored, "-") {
		t.Errorf("stored %q, want %q", got, p.stored)
	}
	if got := strings.Join(s.helm.asked, ", "); got != p.asked {
		t.Errorf("Helm was asked to %q, want %q", got, p.asked)
	}
	if r.Repair != p.repair {
		t.Errorf("repair %q, want %q", r.Repair, p.repair)
	}
	told := strings.Join([]string{r.Headline, r.Cause, r.Next}, "\n")
	for _, want := range p.says {
		if !strings.Contains(told, want) {
			t.Errorf("does not say %q:\n%s", want, told)
		}
	}
	if r.Headline == "" || r.Reason != problem.Consistent && r.Next == "" {
		t.Errorf("headline %q, next %q", r.Headline, r.Next)
	}
	if p.check != nil {
		p.check(t, s, r)
	}
}

// hasNote holds that a note of this title was added.
func hasNote(t *testing.T, r result.Result, title string) {
	t.Helper()
	if !slices.ContainsFunc(r.Notes, func(n result.Note) bool { return n.Title == title }) {
		t.Errorf("no note %q in %+v", title, r.Notes)
	}
}

// reports holds that a revision is reported in this status.
func reports(revision int, status facts.Status) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, _ *scene, r result.Result) {
		t.Helper()
		if r.Revision != revision || r.Status != status {
			t.Errorf("it reports revision %d as %q, want %d as %q", r.Revision, r.Status, revision, status)
		}
	}
}

// none is a scene without records; one is a release of a single deployed revision.
func none() []facts.Record { return nil }
func one() []facts.Record  { return []facts.Record{by("before", revision(1, facts.StatusDeployed))} }

var errDown = &problem.Problem{Reason: problem.Unanswered, Tried: "ask", Cause: errors.New("connection refused"), Next: "Run again."}
