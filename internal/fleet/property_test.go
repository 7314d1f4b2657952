package fleet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// one returns the first nearly always, so that an app is odd in one way more often than in many.
func one[T any](r *rand.Rand, usual T, others ...T) T {
	if r.IntN(20) > 0 {
		return usual
	}
	return others[r.IntN(len(others))]
}

// around is a time that lies near one at which something changes.
func around(r *rand.Rand) time.Time {
	ago := []time.Duration{-day, -time.Second, 0, time.Second, 14 * time.Minute, 16 * time.Minute, hour, day, 5 * day, 10 * day, 40 * day}
	return noon.Add(-ago[r.IntN(len(ago))])
}

func randomApp(r *rand.Rand) App {
	a := App{
		Namespace: one(r, fmt.Sprintf("n%d", r.IntN(99)), ""), Release: one(r, "shop", ""), Host: one(r, "github.com", "", "gitlab.com"),
		Identity: one(r, "id", ""), Repository: one(r, "acme", "", "other"),
		Origin: facts.Origin{Repository: one(r, "acme/shop", "", "other/shop"), HeadRepository: one(r, "acme/shop", "", "octo/shop"),
			Branch: one(r, "login", ""), PullRequest: []int{7, 7, 0, 8}[r.IntN(4)]},
		Revision: one(r, 3, 0),
		Status: []facts.Status{facts.StatusDeployed, facts.StatusDeployed, facts.StatusFailed, facts.StatusPendingInstall,
			facts.StatusUninstalling, facts.StatusUninstalled, facts.StatusUnknown, "", "odd"}[r.IntN(9)],
		Changed: one(r, around(r), time.Time{}), Deployed: one(r, around(r), time.Time{}), Expires: []time.Time{{}, {}, around(r)}[r.IntN(3)],
		Stay:       one(r, time.Time{}, around(r)),
		Unreadable: one(r, "", "", "", "it is no time"), Held: r.IntN(20) == 0, Going: r.IntN(20) == 0,
		Keep: one(r, "", "", "", "it is marked"), Doubt: one(r, "", "", "", "it is in doubt"), Marked: one(r, true, false),
	}
	return a
}

func randomAnswer(r *rand.Rand) Answer {
	return Answer{
		Access: []Access{Answered, Answered, NotAsked, Unanswered}[r.IntN(4)], Alone: r.IntN(4) > 0,
		At:   one(r, local.Add(time.Minute), local.Add(-time.Minute), time.Time{}, local),
		Pull: Pull(r.IntN(5)), Number: []int{7, 7, 0, 8}[r.IntN(4)], Keep: r.IntN(20) == 0, Branch: Branch(r.IntN(3)),
		Main: r.IntN(20) == 0,
	}
}

func randomPolicy(r *rand.Rand) Policy {
	long := func() time.Duration { return []time.Duration{0, 0, 0, time.Minute, day, 7 * day}[r.IntN(6)] }
	return Policy{Host: one(r, "github.com", ""), Repository: one(r, "acme/shop", ""), RepositoryHash: one(r, "acme", ""),
		AllRepositories: r.IntN(4) == 0, Since: one(r, local, time.Time{}), DefaultBranch: one(r, "main", "", "login"),
		Namespace: one(r, "", "reviews", "n7"), TTL: long(), Idle: long(), Failed: long(), Stuck: long()}
}

// mayGo says in other words than Decide when an app may go at all.
func mayGo(app App, a Answer, p Policy) bool {
	ago := func(t time.Time, d time.Duration) bool { return !t.IsZero() && noon.Sub(t) >= d }
	nobodys := app.Keep == "" && app.Doubt == "" && !app.Held && !app.Going && !a.Keep
	labelled, named := app.Repository == p.RepositoryHash, app.Host == p.Host && app.Origin.Repository == p.Repository
	whose := app.Identity != "" && app.Repository != "" && app.Release != "" && app.Namespace != "" && app.Origin.Branch != "" &&
		app.Host != "" && app.Origin.Repository != "" && (labelled == named || p.RepositoryHash == "")
	main := a.Main || p.DefaultBranch == "login" && app.Origin.Branch == "login" && labelled && app.Origin.HeadRepository != "octo/shop"
	others := !app.Marked && app.Namespace != p.Namespace
	if main || others || !nobodys || !whose || !labelled && !p.AllRepositories || !ago(app.Deployed, 0) {
		return false
	}
	said := a.Access == Answered && a.Alone && !p.Since.IsZero() && !a.At.Before(p.Since) && a.Pull != PullUnknown
	old := ago(app.Deployed, youngest)
	if said && old && app.Origin.PullRequest > 0 && a.Number == app.Origin.PullRequest && (a.Pull == PullClosed || a.Pull == PullMerged) {
		return true
	}
	if said && old && app.Origin.PullRequest == 0 && a.Pull == PullNone && a.Branch == BranchGone && app.Origin.HeadRepository != "octo/shop" {
		return true
	}
	if !said && a.Access != NotAsked {
		return false
	}
	plain := app.Unreadable == "" && (app.Expires.IsZero() || !app.Expires.Before(app.Deployed))
	unchanged := func(d time.Duration) bool {
		return d > 0 && ago(app.Deployed, d) && (ago(app.Changed, d) || app.Revision == 0 && app.Changed.IsZero() ||
			app.Status == facts.StatusUninstalling && !app.Changed.IsZero())
	}
	return plain && ago(app.Expires, 0) ||
		plain && app.Expires.IsZero() && !app.Endless && p.TTL > 0 && ago(app.Deployed, p.TTL) && !app.Stay.After(noon) ||
		plain && p.Idle > 0 && ago(app.Deployed, p.Idle) ||
		(app.Status == facts.StatusFailed || app.Status == facts.StatusUninstalling || app.Status == "" && app.Revision == 0) &&
			unchanged(p.Failed) ||
		app.Status.Unfinished() && unchanged(p.Stuck)
}

// doubts make what is known of an app less, or hold it.
var doubts = map[string]func(*App, *Answer, *Policy){
	"keep":              func(a *App, _ *Answer, _ *Policy) { a.Keep = "it is marked" },
	"label":             func(_ *App, a *Answer, _ *Policy) { a.Keep = true },
	"doubt":             func(a *App, _ *Answer, _ *Policy) { a.Doubt = "it is in doubt" },
	"not marked":        func(a *App, _ *Answer, p *Policy) { a.Marked, p.Namespace = false, "another" },
	"default branch":    func(_ *App, a *Answer, _ *Policy) { a.Main = true },
	"default, it says":  func(a *App, _ *Answer, _ *Policy) { a.Default = true },
	"run at work":       func(a *App, _ *Answer, _ *Policy) { a.Held = true },
	"terminating":       func(a *App, _ *Answer, _ *Policy) { a.Going = true },
	"no answer":         func(_ *App, a *Answer, _ *Policy) { *a = Answer{} },
	"from the list":     func(_ *App, a *Answer, _ *Policy) { a.Alone = a.Alone && a.Access == NotAsked },
	"old answer":        func(_ *App, a *Answer, p *Policy) { a.At = p.Since.Add(-time.Second) },
	"no word of it":     func(_ *App, a *Answer, _ *Policy) { a.Pull = PullUnknown },
	"open":              func(_ *App, a *Answer, _ *Policy) { a.Pull = min(a.Pull, PullOpen) },
	"branch there":      func(_ *App, a *Answer, _ *Policy) { a.Branch = BranchThere },
	"branch not known":  func(_ *App, a *Answer, _ *Policy) { a.Branch = BranchUnknown },
	"not dated":         func(a *App, _ *Answer, _ *Policy) { a.Deployed = time.Time{} },
	"future":            func(a *App, _ *Answer, _ *Policy) { a.Deployed = noon.Add(hour) },
	"changed some time": func(a *App, _ *Answer, _ *Policy) { a.Changed = time.Time{}; a.Revision = max(a.Revision, 1) },
	"no time":           func(a *App, _ *Answer, _ *Policy) { a.Unreadable, a.Expires = "it is no time", time.Time{} },
	"stays":             func(a *App, _ *Answer, _ *Policy) { a.Stay = noon.Add(hour) },
	"end taken away":    func(a *App, _ *Answer, _ *Policy) { a.Endless = a.Expires.IsZero() },
	"no identity":       func(a *App, _ *Answer, _ *Policy) { a.Identity = "" },
	"no repository":     func(a *App, _ *Answer, _ *Policy) { a.Repository = "" },
	"another":           func(a *App, _ *Answer, p *Policy) { a.Repository = "another"; p.AllRepositories = false },
	"no ttl":            func(_ *App, _ *Answer, p *Policy) { p.TTL, p.Idle, p.Failed, p.Stuck = 0, 0, 0, 0 },
	"nobody's run":      func(_ *App, _ *Answer, p *Policy) { p.Since = time.Time{} },
}

func FuzzDecide(f *testing.F) { f.Fuzz(func(t *testing.T, seed uint64) { decidesWell(t, seed) }) }

// No app goes without a reason that is known, and whatever is known less lets none go that
// stays otherwise.
func TestDecideAtRandom(t *testing.T) {
	went := map[Reason]int{}
	for seed := range uint64(20000) {
		went[decidesWell(t, seed)]++
	}
	for _, reason := range Reasons {
		if reason != ReasonOver && went[reason] < 10 {
			t.Errorf("%d went for %s: the cases show nothing", went[reason], reason)
		}
	}
}

// decidesWell decides about an app at random, and returns why it goes.
func decidesWell(t *testing.T, seed uint64) Reason {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	app, answer, p := randomApp(r), randomAnswer(r), randomPolicy(r)
	d := Decide(app, answer, p, noon)
	switch {
	case d.Goes() != mayGo(app, answer, p):
		t.Fatalf("seed %d: goes: %t\n%+v\n%+v\n%+v\n%+v", seed, d.Goes(), d, app, answer, p)
	case (d.Reason == "") != (d.Because == "") || (d.Hold == "") != (d.Held == ""):
		t.Fatalf("seed %d: it has no words: %+v", seed, d)
	case d.Goes():
		return d.Reason
	}
	for name, doubt := range doubts {
		app, answer, p := app, answer, p
		doubt(&app, &answer, &p)
		if less := Decide(app, answer, p, noon); less.Goes() {
			t.Fatalf("seed %d: it goes with %s: %+v\n%+v\n%+v\n%+v\nand stayed: %+v", seed, name, less, app, answer, p, d)
		}
	}
	return ReasonNone
}

func FuzzPlan(f *testing.F) { f.Fuzz(func(t *testing.T, seed uint64) { plansWell(t, seed) }) }

func TestPlanAtRandom(t *testing.T) {
	for seed := range uint64(3000) {
		plansWell(t, seed)
	}
}

// plansWell makes a plan of apps at random: however many are to go, the limits hold, and what
// is held stays.
func plansWell(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	l := Limits{MaxApps: r.IntN(12), MaxDeletions: r.IntN(25) - 1, YesMany: r.IntN(3) == 0}
	p := randomPolicy(r)
	var apps []App
	var decisions []Decision
	for range r.IntN(40) {
		app, answer := shop(), answers(PullOpen)
		if r.IntN(2) == 0 {
			app, answer = randomApp(r), randomAnswer(r)
		}
		apps, decisions = append(apps, app), append(decisions, Decide(app, answer, p, noon))
	}
	holdsLimits(t, apps, decisions, NewPlan(apps, decisions, l), l)
}

func holdsLimits(t *testing.T, apps []App, decisions []Decision, plan Plan, l Limits) {
	t.Helper()
	if len(plan.Take) > max(l.MaxDeletions, 0) || plan.Refused != "" && len(plan.Take) > 0 {
		t.Fatalf("%d go with %+v: %q", len(plan.Take), l, plan.Refused)
	}
	seen := map[int]bool{}
	went, left := map[string]int{}, map[string]int{}
	for _, i := range append(plan.Take, plan.Later...) {
		d := plan.Decisions[i]
		switch {
		case seen[i] || !d.Wanted():
			t.Fatalf("%d goes: %+v", i, d)
		case d.Reason != ReasonOver && (d.Reason != decisions[i].Reason || !decisions[i].Wanted()):
			t.Fatalf("%+v became %+v", decisions[i], d)
		case d.Reason == ReasonOver && (l.MaxApps == 0 || decisions[i].over != HoldNone):
			t.Fatalf("it is held, and one too many: %+v of %+v", d, apps[i])
		}
		seen[i] = true
		went[apps[i].Repository]++
	}
	for i, app := range apps {
		if !app.Going && !seen[i] {
			left[app.Repository]++
		}
		if d := plan.Decisions[i]; !seen[i] && d.Reason == ReasonOver && (!d.Silenced() || !decisions[i].overSilent) {
			t.Fatalf("one too many stays: %+v", plan.Decisions[i])
		}
	}
	for i := range apps {
		if d := plan.Decisions[i]; seen[i] && d.Reason == ReasonOver && left[apps[i].Repository] < l.MaxApps {
			t.Fatalf("%d stay, fewer than %d, and one too many goes", left[apps[i].Repository], l.MaxApps)
		}
	}
	for repository, n := range went {
		if all := n + left[repository]; !l.YesMany && plan.Refused == "" && all >= manyFrom && 2*n > all {
			if !strings.Contains(fmt.Sprint(decisions), string(HoldForeign)) {
				t.Fatalf("%d of %d go, and nobody refused", n, all)
			}
		}
	}
}
