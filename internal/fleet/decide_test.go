package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// noon is the time of every decision here, by the API server's clock. The machine's is wrong by
// a year, which decides nothing.
var (
	noon  = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	local = noon.AddDate(-1, 0, 0)
)

// shop is an app of pull request 7 that was deployed ten days ago and is well.
func shop(change ...func(*App)) App {
	a := App{
		Name: "shop", Namespace: "review-shop-login", Release: "shop", Host: "github.com", Identity: "id", Repository: "acme",
		Origin:   facts.Origin{Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "login", PullRequest: 7},
		Revision: 3, Status: facts.StatusDeployed, Changed: noon.Add(-10 * day), Deployed: noon.Add(-10 * day), Dated: true,
		Marked: true,
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

// branchApp is shop without a pull request.
func branchApp(change ...func(*App)) App {
	return shop(append([]func(*App){func(a *App) { a.Origin.PullRequest = 0 }}, change...)...)
}

// policy is that of a sweep of acme/shop with every reason.
func policy(change ...func(*Policy)) Policy {
	p := Policy{Host: "GitHub.com", Repository: "Acme/shop", RepositoryHash: "acme", Since: local,
		Idle: 30 * day, Failed: 7 * day, Stuck: 3 * day}
	for _, c := range change {
		c(&p)
	}
	return p
}

// answers is an answer about an app alone.
func answers(pull Pull, change ...func(*Answer)) Answer {
	a := Answer{Access: Answered, At: local.Add(time.Minute), Alone: true, Pull: pull, Branch: BranchThere}
	if pull != PullNone {
		a.Number = 7
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

var (
	noToken = Answer{Access: NotAsked, Why: "no token was given"}
	silent  = Answer{Why: "GitHub answered 500"}
	gone    = answers(PullNone, func(a *Answer) { a.Branch = BranchGone })
	expired = func(a *App) { a.Expires = noon.Add(-hour) }
	failed  = func(a *App) { a.Status = facts.StatusFailed }

	uninstalling = func(a *App) { a.Status, a.Changed = facts.StatusUninstalling, noon.Add(-hour) }
	stuck        = func(a *App) { a.Status = facts.StatusPendingUpgrade }
	idle         = func(a *App) { a.Deployed, a.Changed = noon.Add(-31*day), noon.Add(-31*day) }
	foreign      = func(a *App) { a.Repository, a.Origin.Repository = "other", "other/shop" }
	elsewise     = func(a *App) { a.Repository, a.Host = "other", "gitlab.com" }
)

func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		app    App
		answer Answer
		policy Policy
		want   Decision // its clauses are what the decision's contain
	}{
		"well": {shop(), answers(PullOpen), policy(), Decision{Sure: true}},
		"merged": {shop(), answers(PullMerged), policy(),
			Decision{Reason: ReasonMerged, Because: "pull request 7 was merged", Sure: true}},
		"closed": {shop(), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "pull request 7 was closed", Sure: true}},
		"not on the list": {shop(), answers(PullClosed, func(a *Answer) { a.Alone = false }), policy(),
			Decision{Reason: ReasonClosed, Because: "not among the open ones"}},
		"closed, by an earlier run's answer": {shop(), answers(PullClosed, func(a *Answer) { a.At = local.Add(-time.Second) }), policy(),
			Decision{Hold: HoldUnknown, Held: "not of this run"}},
		"closed, in a run that began nobody knows when": {shop(), answers(PullClosed), policy(func(p *Policy) { p.Since = time.Time{} }),
			Decision{Hold: HoldUnknown, Held: "not of this run"}},
		"closed, another one": {shop(), answers(PullClosed, func(a *Answer) { a.Number = 8 }), policy(), Decision{Sure: true}},
		"closed, deployed just now": {shop(func(a *App) { a.Deployed = noon.Add(-14 * time.Minute) }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldYoung, Held: "14 min ago", Sure: true}},
		"closed, marked": {shop(func(a *App) { a.Keep = "it is marked berth.dev/keep" }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldKeep, Held: "marked", Sure: true}},
		"closed, labelled": {shop(), answers(PullClosed, func(a *Answer) { a.Keep = true }), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldKeepLabel, Held: "pull request 7 has the label keep", Sure: true}},
		"closed, a run at work": {shop(func(a *App) { a.Held = true }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldAtWork, Held: "at work", Sure: true}},
		"closed, going": {shop(func(a *App) { a.Going = true }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldGoing, Held: "being deleted", Sure: true}},
		"closed, in doubt": {shop(func(a *App) { a.Doubt = "records of\x1b[31m two\nbranches" }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Hold: HoldDoubt, Held: "records of two branches", Sure: true}},
		"expired, in a namespace that others may have written to": {shop(expired, func(a *App) { a.Marked = false }), noToken, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldUnmarked, Held: "review-shop-login", Sure: true}},
		"expired, in such a namespace that is named": {shop(expired, func(a *App) { a.Marked = false }), noToken,
			policy(func(p *Policy) { p.Namespace = "review-shop-login" }), Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"expired, of the default branch, as the CI says": {shop(expired), noToken, policy(func(p *Policy) { p.DefaultBranch = "login" }),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldDefault, Held: "the default branch's", Sure: true}},
		"expired, of the default branch, as the platform says": {shop(expired), answers(PullOpen, func(a *Answer) { a.Main = true }), policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldDefault, Held: "the default branch's", Sure: true}},
		"expired, of the default branch, as its deploy said": {shop(expired, func(a *App) { a.Default = true }), noToken, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldDefault, Held: "the default branch's", Sure: true}},
		"closed, of what was the default branch": {shop(func(a *App) { a.Default = true }), answers(PullClosed), policy(),
			Decision{Reason: ReasonClosed, Because: "closed", Sure: true}},
		"expired, of a fork's branch of that name": {shop(expired, func(a *App) { a.Origin.HeadRepository = "octo/shop" }), noToken,
			policy(func(p *Policy) { p.DefaultBranch = "login" }), Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"branch gone": {branchApp(), gone, policy(), Decision{Reason: ReasonBranch, Because: "its branch is gone", Sure: true}},
		"branch gone, pull request open": {shop(), answers(PullOpen, func(a *Answer) { a.Branch = BranchGone }), policy(),
			Decision{Sure: true}},
		"branch gone, of a fork": {branchApp(func(a *App) { a.Origin.HeadRepository = "octo/shop" }), gone, policy(), Decision{Sure: true}},
		"branch not known": {branchApp(), answers(PullNone, func(a *Answer) { a.Branch, a.BranchWhy = BranchUnknown, "it is a fork's" }), policy(),
			Decision{Hold: HoldUnknown, Held: "a fork's", Sure: true}},
		"expired": {shop(expired), answers(PullOpen), policy(),
			Decision{Reason: ReasonExpired, Because: "it expired 60 min ago, at 2026-11-30T11:00:00Z", Sure: true}},
		"expires now": {shop(func(a *App) { a.Expires = noon }), answers(PullOpen), policy(),
			Decision{Reason: ReasonExpired, Because: "0 min ago", Sure: true}},
		"expires in a second": {shop(func(a *App) { a.Expires = noon.Add(time.Second) }), answers(PullOpen), policy(), Decision{Sure: true}},
		"expired, deployed just now": {shop(func(a *App) { a.Deployed, a.Expires = noon.Add(-5*time.Minute), noon.Add(-time.Minute) }),
			answers(PullOpen), policy(), Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"expired and closed, deployed just now": {shop(func(a *App) { a.Deployed, a.Expires = noon.Add(-5*time.Minute), noon.Add(-time.Minute) }),
			answers(PullClosed), policy(), Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"the sweep's ttl": {shop(), answers(PullOpen), policy(func(p *Policy) { p.TTL = 10 * day }),
			Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"the sweep's ttl, where its own was taken away": {shop(func(a *App) { a.Endless = true }), answers(PullOpen),
			policy(func(p *Policy) { p.TTL = day }), Decision{Sure: true}},
		"idle, where its ttl was taken away": {shop(idle, func(a *App) { a.Endless = true }), answers(PullOpen),
			policy(func(p *Policy) { p.TTL, p.Idle = day, day }), Decision{Reason: ReasonIdle, Because: "nothing was deployed", Sure: true}},
		"a ttl of its own comes first": {shop(func(a *App) { a.Expires = noon.Add(hour) }), answers(PullOpen),
			policy(func(p *Policy) { p.TTL = day }), Decision{Sure: true}},
		"expired, no token": {shop(expired), noToken, policy(), Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"expired, no answer": {shop(expired), silent, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldUnknown, Held: "answered 500"}},
		"expired, no pull request, no answer": {branchApp(expired), silent, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldUnknown, Held: "answered 500"}},
		"expired, from the list": {shop(expired), answers(PullOpen, func(a *Answer) { a.Alone = false }), policy(),
			Decision{Reason: ReasonExpired, Because: "expired"}},
		"expired, labelled": {shop(expired), answers(PullOpen, func(a *Answer) { a.Keep = true }), policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldKeepLabel, Held: "label keep", Sure: true}},
		"expired, of a fork whose branch is not known": {branchApp(expired, func(a *App) { a.Origin.HeadRepository = "octo/shop" }),
			answers(PullNone, func(a *Answer) { a.Branch = BranchUnknown }), policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"no token": {shop(), noToken, policy(), Decision{Sure: true}},
		"expired before it was deployed": {shop(func(a *App) { a.Expires = a.Deployed.Add(-time.Second) }), answers(PullOpen), policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldUnreadable, Held: "before its last deploy", Sure: true}},
		"expires nobody can read when": {shop(func(a *App) { a.Unreadable = "its expires-at is no time" }), answers(PullOpen),
			policy(func(p *Policy) { p.TTL = hour }), Decision{Hold: HoldUnreadable, Held: "no time", Sure: true}},
		"the same, merged": {shop(func(a *App) { a.Unreadable = "its expires-at is no time" }), answers(PullMerged), policy(),
			Decision{Reason: ReasonMerged, Because: "merged", Sure: true}},
		"deployed tomorrow": {shop(expired, func(a *App) { a.Deployed, a.Expires = noon.Add(day), noon.Add(-hour) }), answers(PullMerged), policy(),
			Decision{Reason: ReasonMerged, Because: "merged", Hold: HoldFuture, Held: "2026-12-01", Sure: true}},
		"deployed nobody knows when": {shop(expired, func(a *App) { a.Deployed = time.Time{} }), answers(PullMerged), policy(),
			Decision{Reason: ReasonMerged, Because: "merged", Hold: HoldUndated, Held: "not known when", Sure: true}},
		"failed": {shop(failed), answers(PullOpen), policy(),
			Decision{Reason: ReasonFailed, Because: "its last deploy failed, and nothing has changed for 10 days", Sure: true}},
		"failed, lately": {shop(failed, func(a *App) { a.Changed = noon.Add(-6 * day) }), answers(PullOpen), policy(), Decision{Sure: true}},
		"a teardown for that, killed": {shop(uninstalling), answers(PullOpen), policy(),
			Decision{Reason: ReasonFailed, Because: "its teardown was begun and has not ended, and nothing was deployed to it for 10 days",
				Sure: true}},
		"the same, as stuck": {shop(uninstalling), answers(PullOpen), policy(func(p *Policy) { p.Failed = 0 }),
			Decision{Reason: ReasonStuck, Because: "(uninstalling) has not ended, and nothing was deployed to it for 10 days", Sure: true}},
		"failed, not a word": {shop(failed), answers(PullOpen), policy(func(p *Policy) { p.Failed = 0 }), Decision{Sure: true}},
		"failed, changed nobody knows when": {shop(failed, func(a *App) { a.Changed = time.Time{} }), answers(PullOpen), policy(),
			Decision{Sure: true}},
		"nothing stored": {shop(func(a *App) { a.Revision, a.Status, a.Changed = 0, "", time.Time{} }), answers(PullOpen), policy(),
			Decision{Reason: ReasonFailed, Because: "before anything was stored", Sure: true}},
		"stuck": {shop(stuck), answers(PullOpen), policy(),
			Decision{Reason: ReasonStuck, Because: "its last operation (pending-upgrade) has not ended, and nothing has changed for 10 days",
				Sure: true}},
		"stuck, a deploy has begun since": {shop(stuck, func(a *App) { a.Deployed = noon.Add(-hour) }), answers(PullOpen), policy(), Decision{Sure: true}},
		"stuck, a run at work": {shop(stuck, func(a *App) { a.Held = true }), answers(PullOpen), policy(),
			Decision{Reason: ReasonStuck, Because: "not ended", Hold: HoldAtWork, Held: "at work", Sure: true}},
		"idle": {shop(idle), answers(PullOpen), policy(),
			Decision{Reason: ReasonIdle, Because: "nothing was deployed to it for 31 days", Sure: true}},
		"another repository": {shop(foreign), answers(PullMerged), policy(),
			Decision{Reason: ReasonMerged, Because: "merged", Hold: HoldForeign, Held: `of the repository "other/shop"`, Sure: true}},
		"another host": {shop(expired, elsewise), noToken, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldForeign,
				Held: `of "acme/shop" on "gitlab.com", which is another host`, Sure: true}},
		"another repository, all of them": {shop(expired, foreign), noToken, policy(func(p *Policy) { p.AllRepositories = true }),
			Decision{Reason: ReasonExpired, Because: "expired", Sure: true}},
		"no repository is this one": {shop(expired), noToken, Policy{Since: local},
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldForeign, Held: "acme/shop", Sure: true}},
		"our label on another's annotations": {shop(expired, func(a *App) { a.Origin.Repository = "other/shop" }), noToken, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldDoubt, Held: "different repositories", Sure: true}},
		"another's label on our annotations": {shop(expired, func(a *App) { a.Repository = "other" }), noToken,
			policy(func(p *Policy) { p.AllRepositories = true }),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldDoubt, Held: "different repositories", Sure: true}},
		"not stamped": {shop(expired, func(a *App) { a.Identity = "" }), noToken, policy(),
			Decision{Reason: ReasonExpired, Because: "expired", Hold: HoldUnstamped, Held: "no identity is stamped on it", Sure: true}},
	} {
		got := Decide(c.app, c.answer, c.policy, noon)
		if got.Reason != c.want.Reason || got.Hold != c.want.Hold || got.Sure != c.want.Sure ||
			!strings.Contains(got.Because, c.want.Because) || !strings.Contains(got.Held, c.want.Held) ||
			(got.Because == "") != (c.want.Because == "") || (got.Held == "") != (c.want.Held == "") {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// Every hold that is not about a reason alone holds against each of them.
func TestHoldsHoldAgainstEveryReason(t *testing.T) {
	over := policy(func(p *Policy) { p.TTL = time.Minute })
	for reason, c := range map[Reason]struct {
		app    App
		answer Answer
	}{
		ReasonMerged: {shop(), answers(PullMerged)}, ReasonClosed: {shop(), answers(PullClosed)}, ReasonBranch: {branchApp(), gone},
		ReasonExpired: {shop(expired), noToken}, ReasonFailed: {shop(failed), noToken}, ReasonStuck: {shop(stuck), answers(PullOpen)},
		ReasonIdle: {shop(idle), answers(PullOpen)}, ReasonOver: {shop(), answers(PullOpen)},
	} {
		p := policy()
		if reason == ReasonExpired {
			p = over
		}
		decided := func(app App, answer Answer) Decision {
			return Again(Decision{Reason: reason, Because: "so planned"}, app, answer, p, noon)
		}
		if d := decided(c.app, c.answer); !d.Goes() || d.Reason != reason {
			t.Errorf("%s: it does not go: %+v", reason, d)
		}
		for hold, change := range map[Hold]func(*App, *Answer){
			HoldForeign:   func(a *App, _ *Answer) { foreign(a) },
			HoldUnstamped: func(a *App, _ *Answer) { a.Release = "" },
			HoldDoubt:     func(a *App, _ *Answer) { a.Doubt = "it is in doubt" },
			HoldGoing:     func(a *App, _ *Answer) { a.Going = true },
			HoldKeep:      func(a *App, _ *Answer) { a.Keep = "it is marked" },
			HoldKeepLabel: func(_ *App, a *Answer) { a.Keep = true },
			HoldAtWork:    func(a *App, _ *Answer) { a.Held = true },
			HoldUndated:   func(a *App, _ *Answer) { a.Deployed = time.Time{} },
			HoldFuture:    func(a *App, _ *Answer) { a.Deployed = noon.Add(time.Second) },
			HoldUnknown:   func(_ *App, a *Answer) { *a = silent },
		} {
			app, answer := c.app, c.answer
			change(&app, &answer)
			if d := decided(app, answer); d.Goes() || d.Wanted() || d.Hold != hold || d.Held == "" {
				t.Errorf("%s, %s: %+v", reason, hold, d)
			}
		}
	}
}

func TestAgain(t *testing.T) {
	planned := Decision{Reason: ReasonOver, Because: "there are too many"}
	if d := Again(planned, shop(), answers(PullOpen), policy(), noon); !d.Goes() || d.Reason != ReasonOver || d.Because != planned.Because {
		t.Errorf("one too many: %+v", d)
	}
	if d := Again(planned, shop(), answers(PullMerged), policy(), noon); !d.Goes() || d.Reason != ReasonMerged {
		t.Errorf("one too many that was merged: %+v", d)
	}
	young := shop(func(a *App) { a.Deployed = noon.Add(-time.Minute) })
	if d := Again(planned, young, answers(PullOpen), policy(), noon); d.Goes() || d.Hold != HoldYoung {
		t.Errorf("deployed since: %+v", d)
	}
	planned = Decide(shop(), answers(PullClosed, func(a *Answer) { a.Alone = false }), policy(), noon)
	if d := Again(planned, shop(), answers(PullOpen), policy(), noon); !planned.Wanted() || planned.Goes() || d.Wanted() {
		t.Errorf("opened since: %+v, then %+v", planned, d)
	}
}

func TestReasonsAndHoldsAreWhole(t *testing.T) {
	for _, r := range Reasons {
		if docOfReason(r) == "" {
			t.Errorf("%s has no words", r)
		}
	}
	for _, h := range Holds {
		if docOfHold(h) == "" {
			t.Errorf("%s has no words", h)
		}
	}
	if docOfReason(ReasonNone) != "" || docOfHold(HoldNone) != "" || HoldKeep.Concerns() || !HoldUnknown.Concerns() {
		t.Error("what is nothing has words")
	}
}
