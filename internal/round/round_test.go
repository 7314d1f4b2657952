package round

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// fakeCluster answers from tables, by release.
type fakeCluster struct {
	apps     []fleet.App
	err      error
	locks    map[string][]facts.Lock // one for each time that it is read; the last one stays
	checks   map[string]result.Result
	repairs  map[string]result.Result
	again    map[string]fleet.App // as they are when they are read anew; without one: as they were
	checking func()

	mu    sync.Mutex
	did   []string
	reads map[string]int
}

func (c *fakeCluster) Read(context.Context) ([]fleet.App, error) { return slices.Clone(c.apps), c.err }

func (c *fakeCluster) Lock(_ context.Context, a fleet.App) (facts.Lock, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	locks := c.locks[a.Release]
	if len(locks) == 0 {
		return facts.Lock{State: facts.LockAbsent}, nil
	}
	if c.reads == nil {
		c.reads = map[string]int{}
	}
	i := min(c.reads[a.Release], len(locks)-1)
	c.reads[a.Release]++
	return locks[i], nil
}

func (c *fakeCluster) Check(_ context.Context, a fleet.App) result.Result {
	c.mu.Lock()
	c.did = append(c.did, "check "+a.Release)
	c.mu.Unlock()
	if c.checking != nil {
		c.checking()
	}
	r := c.checks[a.Release]
	r.Namespace = a.Namespace
	return r
}

func (c *fakeCluster) Reread(_ context.Context, a fleet.App) (fleet.App, bool, error) {
	if again, ok := c.again[a.Release]; ok {
		return again, again.Release != "", nil
	}
	a.Held = true // by the repair itself
	return a, true, nil
}

func (c *fakeCluster) Repair(ctx context.Context, a fleet.App, agree func(context.Context) error) result.Result {
	if err := agree(ctx); err != nil {
		return result.Result{Exit: result.Exit{Reason: problem.Of(err).Reason}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, "repair "+a.Release)
	return c.repairs[a.Release]
}

func (*fakeCluster) Now() time.Time   { return start }
func (*fakeCluster) Clock() time.Time { return start }

func app(release string) fleet.App {
	return fleet.App{Name: "shop", Namespace: "ns-" + release, Release: release, Host: "github.com", Repository: "r", Identity: "i",
		Origin: facts.Origin{Repository: "acme/shop", Branch: release}, Revision: 1, Status: facts.StatusDeployed, Marked: true}
}

func ended(reason problem.ExitReason, status facts.Status, failing ...string) result.Result {
	r := result.Result{Subject: result.Subject{Revision: 1, Status: status},
		Exit: result.Exit{Reason: reason, Headline: "It is " + string(reason) + "."}}
	for _, name := range failing {
		r.Checks = append(r.Checks, result.Check{Name: name})
	}
	return r
}

// run goes round, and returns what was found of each app, by release.
func run(t *testing.T, c *fakeCluster, o Options) (map[string]result.Visit, []fleet.App, result.Result) {
	t.Helper()
	o.Verb, o.Repository = verb.List, "github.com/acme/shop"
	r := Round{Options: o, Cluster: c, Say: func(string) {}, Phase: func(string) {}, Stopped: func(context.Context) error { return nil }}
	apps, res, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]result.Visit{}
	for _, v := range res.Round.Visits {
		all[v.Release] = v
	}
	return all, apps, res
}

// many are apps in every way that one can be.
func many() *fakeCluster {
	c := &fakeCluster{checks: map[string]result.Result{}, repairs: map[string]result.Result{}, locks: map[string][]facts.Lock{}}
	add := func(release string, checked result.Result, change func(*fleet.App)) {
		a := app(release)
		if change != nil {
			change(&a)
		}
		c.apps, c.checks[release] = append(c.apps, a), checked
	}
	good := ended(problem.Consistent, facts.StatusDeployed)
	add("good", good, nil)
	add("busy", good, func(a *fleet.App) { a.Held = true })
	add("doubt", good, func(a *fleet.App) { a.Doubt = "its records are of more than one branch" })
	add("unmarked", good, func(a *fleet.App) { a.Marked = false })
	add("unstamped", good, func(a *fleet.App) { a.Origin.Branch = "" })
	add("going", good, func(a *fleet.App) { a.Going = true })
	add("empty", good, func(a *fleet.App) { a.Revision = 0 })
	add("uninstalled", good, func(a *fleet.App) { a.Status = facts.StatusUninstalled })
	add("held-since", good, nil)
	c.locks["held-since"] = []facts.Lock{{State: facts.LockHeld}}
	add("held-then", ended(problem.Inconsistent, facts.StatusPendingUpgrade, "status"), nil)
	c.locks["held-then"] = []facts.Lock{{State: facts.LockEnded, Run: "a"}, {State: facts.LockEnded, Run: "b"}}
	add("stuck", ended(problem.Inconsistent, facts.StatusPendingUpgrade, "status"), nil)
	c.repairs["stuck"] = ended(problem.Consistent, facts.StatusDeployed)
	mended := c.repairs["stuck"]
	mended.Repair = "promote"
	c.repairs["stuck"] = mended
	add("failed", ended(problem.DeployFailed, facts.StatusFailed, "status"), nil)
	lacking := ended(problem.Inconsistent, facts.StatusDeployed, "objects")
	lacking.Checks[0].Findings = []string{"Service/web: does not exist"}
	add("lacking", lacking, nil)
	drifted := ended(problem.Inconsistent, facts.StatusDeployed, "contents")
	drifted.Objects = []facts.Object{{Ref: facts.Ref{Kind: "Deployment", Name: "web"},
		Contents: facts.Contents{Differences: []facts.Difference{{Path: "spec.replicas"}}}}}
	add("drifted", drifted, nil)
	return c
}

func TestRound(t *testing.T) {
	c := many()
	visits, apps, res := run(t, c, Options{})
	for release, want := range map[string]struct {
		found result.Found
		state fleet.State
		says  string
	}{
		"good":        {result.FoundConsistent, fleet.StateDeployed, ""},
		"busy":        {result.FoundBusy, fleet.StateBusy, "A run holds it."},
		"doubt":       {result.FoundUnchecked, fleet.StateDeployed, "Its records are of more than one branch."},
		"unmarked":    {result.FoundUnchecked, fleet.StateDeployed, "Berth neither made nor adopted its namespace"},
		"unstamped":   {result.FoundUnchecked, fleet.StateDeployed, "No branch is stamped on it."},
		"going":       {result.FoundUnchecked, fleet.StateGoing, "is being deleted already"},
		"empty":       {result.FoundUnchecked, fleet.StateEmpty, "Nothing is stored"},
		"uninstalled": {result.FoundUnchecked, fleet.StateUninstalled, "uninstalled"},
		"held-since":  {result.FoundBusy, fleet.StateBusy, ""},
		"held-then":   {result.FoundBusy, fleet.StateBusy, ""},
		"stuck":       {result.FoundInconsistent, fleet.StateStuck, "It is inconsistent."},
		"failed":      {result.FoundInconsistent, fleet.StateFailed, ""},
		"lacking":     {result.FoundInconsistent, fleet.StateInconsistent, "Service/web: does not exist."},
		"drifted":     {result.FoundInconsistent, fleet.StateInconsistent, ""},
	} {
		if v := visits[release]; v.Found != want.found || v.State != string(want.state) || !strings.Contains(v.Why, want.says) {
			t.Errorf("%s: %+v, want %+v", release, v, want)
		}
	}
	if res.Reason != problem.Inconsistent || res.Headline !=
		"14 review apps of `github.com/acme/shop`: 4 not as they should be, 6 not checked, 3 busy, 1 consistent." {
		t.Errorf("%s: %s", res.Reason, res.Headline)
	}
	var titles []string
	for _, n := range res.Notes {
		titles = append(titles, n.Title)
	}
	if !slices.Equal(titles, []string{"Stuck: ns-stuck/stuck", "Failed: ns-failed/failed", "Not as it should be: ns-lacking/lacking",
		"Drifted: ns-drifted/drifted"}) {
		t.Errorf("annotations: %q", titles)
	}
	last := apps[len(apps)-1]
	if !last.Checked || !slices.Equal(last.Drift, []string{"Deployment/web: spec.replicas"}) || !last.VerdictAt.Equal(start) {
		t.Errorf("drifted: %+v", last)
	}
	if slices.ContainsFunc(c.did, func(what string) bool { return strings.HasPrefix(what, "repair") }) || len(c.did) != 6 {
		t.Errorf("it did %q", c.did)
	}
	if named, _, _ := run(t, many(), Options{Namespace: "ns-unmarked"}); named["unmarked"].Found != result.FoundConsistent {
		t.Errorf("in a namespace that is named: %+v", named["unmarked"])
	}
}

func TestRoundRepairsWhatIsStuck(t *testing.T) {
	c := many()
	visits, apps, res := run(t, c, Options{Repair: true})
	if v := visits["stuck"]; v.Found != result.FoundRepaired || v.Repair != "promote" || v.State != string(fleet.StateDeployed) {
		t.Errorf("stuck: %+v", v)
	}
	if v := visits["failed"]; v.Found != result.FoundInconsistent {
		t.Errorf("failed: %+v", v)
	}
	repaired := slices.DeleteFunc(c.did, func(what string) bool { return strings.HasPrefix(what, "check") })
	if !slices.Equal(repaired, []string{"repair stuck"}) || res.Reason != problem.Inconsistent || res.Repair != "promote" || len(apps) != 14 {
		t.Errorf("it did %q, and ends as %s, %s", repaired, res.Reason, res.Repair)
	}
	for name, test := range map[string]struct {
		repaired result.Result
		found    result.Found
		reason   problem.ExitReason
	}{
		"failed":         {ended(problem.RepairFailed, facts.StatusPendingUpgrade), result.FoundRepairFailed, problem.RepairFailed},
		"no answer":      {ended(problem.Unanswered, ""), result.FoundRepairFailed, problem.RepairFailed},
		"refused":        {ended(problem.Inconsistent, facts.StatusPendingUpgrade), result.FoundInconsistent, problem.Inconsistent},
		"not known dead": {ended(problem.LivenessUnknown, facts.StatusPendingUpgrade), result.FoundInconsistent, problem.Inconsistent},
		"not permitted":  {ended(problem.PermissionMissing, ""), result.FoundInconsistent, problem.Inconsistent},
		"a run came":     {ended(problem.LiveOperation, ""), result.FoundBusy, problem.Consistent},
		"right by then":  {ended(problem.Consistent, facts.StatusDeployed), result.FoundConsistent, problem.Consistent},
		"nothing to do":  {ended(problem.Consistent, facts.StatusFailed), result.FoundInconsistent, problem.Inconsistent},
	} {
		one := &fakeCluster{apps: []fleet.App{app("stuck")}, repairs: map[string]result.Result{"stuck": test.repaired},
			checks: map[string]result.Result{"stuck": ended(problem.Inconsistent, facts.StatusPendingUpgrade, "status")}}
		visits, _, res := run(t, one, Options{Repair: true})
		if visits["stuck"].Found != test.found || res.Reason != test.reason {
			t.Errorf("%s: %+v, %s", name, visits["stuck"], res.Reason)
		}
	}
	kept := app("stuck")
	kept.Keep = "it is marked"
	one := &fakeCluster{apps: []fleet.App{kept}, checks: map[string]result.Result{"stuck": ended(problem.RecordUnreadable, "")}}
	visits, _, _ = run(t, one, Options{Repair: true, Uninstalls: true})
	if visits["stuck"].Found != result.FoundInconsistent || len(one.did) != 1 {
		t.Errorf("one that is to be kept: %+v, %q", visits["stuck"], one.did)
	}
}

func TestHowARoundEnds(t *testing.T) {
	for _, test := range []struct {
		checked problem.ExitReason
		want    problem.ExitReason
	}{
		{problem.Consistent, problem.Consistent},
		{problem.NotFound, problem.Consistent},
		{problem.NamespaceTerminating, problem.Consistent},
		{problem.PermissionMissing, problem.PermissionMissing},
		{problem.Unanswered, problem.Unanswered},
		{problem.Internal, problem.Internal},
		{problem.Foreign, problem.Inconsistent},
		{problem.RecordUnreadable, problem.Inconsistent},
		{problem.DeployFailed, problem.Inconsistent},
		{problem.LiveOperation, problem.Consistent},
	} {
		c := &fakeCluster{apps: []fleet.App{app("a"), app("b")},
			checks: map[string]result.Result{"a": ended(test.checked, facts.StatusDeployed), "b": ended(problem.Consistent, facts.StatusDeployed)}}
		if _, _, res := run(t, c, Options{}); res.Reason != test.want {
			t.Errorf("%s: %s, want %s", test.checked, res.Reason, test.want)
		}
	}
	if _, _, res := run(t, &fakeCluster{}, Options{}); res.Reason != problem.Consistent || !strings.HasPrefix(res.Headline, "There is no") {
		t.Errorf("without apps: %+v", res.Exit)
	}
	r := Round{Cluster: &fakeCluster{err: errors.New("denied")}, Phase: func(string) {}}
	if _, _, err := r.Run(t.Context()); err == nil {
		t.Error("apps that cannot be found are no error")
	}
}

// The first signal begins none more, and says what was not looked at. So does the end of the time.
func TestRoundStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := &fakeCluster{checks: map[string]result.Result{}, checking: cancel}
	for range 50 {
		c.apps = append(c.apps, app("a"))
	}
	c.checks["a"] = ended(problem.Consistent, facts.StatusDeployed)
	stopped := func(context.Context) error {
		return &problem.Problem{Reason: problem.Interrupted, Headline: "Interrupted by SIGINT."}
	}
	r := Round{Cluster: c, Say: func(string) {}, Phase: func(string) {}, Stopped: stopped}
	_, res, err := r.Run(ctx)
	reached := len(res.Round.Of(result.FoundConsistent))
	left := len(res.Round.Of(result.FoundNotReached))
	if err != nil || res.Reason != problem.Interrupted || reached == 0 || reached > AtOnce+1 || left != 50-reached ||
		!strings.HasPrefix(res.Headline, "Interrupted by SIGINT; 50 review apps") {
		t.Errorf("%v: %d reached, %+v", err, reached, res.Exit)
	}
	r.Stopped = func(context.Context) error { return nil }
	if _, res, _ := r.Run(ctx); res.Reason != problem.Unanswered || !strings.Contains(res.Next, "timeout") {
		t.Errorf("without time: %+v", res.Exit)
	}
}

func TestAnnotationsOfARoundAreCounted(t *testing.T) {
	c := &fakeCluster{checks: map[string]result.Result{"a": ended(problem.DeployFailed, facts.StatusFailed)}}
	for range 25 {
		c.apps = append(c.apps, app("a"))
	}
	if _, _, res := run(t, c, Options{}); len(res.Notes) != maxNotes || res.Notes[maxNotes-1].Title != "And 16 more" {
		t.Errorf("%d annotations, the last is %+v", len(res.Notes), res.Notes[len(res.Notes)-1])
	}
}

// What has become of an app between the survey and its repair counts, by a look under its lock.
func TestRoundLooksAgainBeforeItRepairs(t *testing.T) {
	for said, change := range map[string]func(*fleet.App){
		"to be kept: it is marked": func(a *fleet.App) { a.Keep = "it is marked" },
		"made nor adopted":         func(a *fleet.App) { a.Marked = false },
		"of more than one branch":  func(a *fleet.App) { a.Doubt = "its records are of more than one branch" },
		"being deleted":            func(a *fleet.App) { a.Going = true },
		"Another branch's app":     func(a *fleet.App) { a.Identity = "another" },
		"not there any more":       func(a *fleet.App) { *a = fleet.App{} },
	} {
		again := app("stuck")
		change(&again)
		one := &fakeCluster{apps: []fleet.App{app("stuck")}, again: map[string]fleet.App{"stuck": again},
			checks: map[string]result.Result{"stuck": ended(problem.Inconsistent, facts.StatusPendingUpgrade, "status")}}
		visits, _, res := run(t, one, Options{Repair: true, Uninstalls: true})
		if v := visits["stuck"]; v.Found != result.FoundInconsistent || !strings.Contains(v.Why, said) || len(one.did) != 1 ||
			res.Reason != problem.Inconsistent {
			t.Errorf("%s: %+v, %q", said, v, one.did)
		}
	}
}

// A record that is mended and says that its app failed is no app that is well.
func TestRoundRepairsIntoWhatFailed(t *testing.T) {
	for _, test := range []struct {
		repair string
		status facts.Status
		want   result.Found
	}{
		{"promote", facts.StatusDeployed, result.FoundRepaired},
		{"relabel", facts.StatusFailed, result.FoundInconsistent},
		{"unlock", facts.StatusFailed, result.FoundInconsistent},
		{"relabel", facts.StatusUninstalled, result.FoundRepaired},
		{"quarantine", "", result.FoundInconsistent},
		{"quarantine, uninstall", "", result.FoundRepaired},
	} {
		repaired := ended(problem.Consistent, test.status)
		repaired.Repair = test.repair
		one := &fakeCluster{apps: []fleet.App{app("stuck")}, repairs: map[string]result.Result{"stuck": repaired},
			checks: map[string]result.Result{"stuck": ended(problem.Inconsistent, facts.StatusPendingUpgrade, "status")}}
		visits, _, res := run(t, one, Options{Repair: true})
		if v := visits["stuck"]; v.Found != test.want || v.Repair != test.repair || (res.Reason == problem.Consistent) != (test.want == result.FoundRepaired) {
			t.Errorf("%s, %s: %+v, %s", test.repair, test.status, v, res.Reason)
		}
	}
}

// Where none could be checked, such as with another HELM_DRIVER than that of the deploys, not all is well.
func TestRoundThatLooksAtNone(t *testing.T) {
	empty, doubt, going, uninstalled := app("empty"), app("doubt"), app("going"), app("uninstalled")
	empty.Revision, empty.Status, doubt.Doubt, going.Going, uninstalled.Status = 0, "", "it is in doubt", true, facts.StatusUninstalled
	checks := map[string]result.Result{"good": ended(problem.Consistent, facts.StatusDeployed)}
	for name, test := range map[string]struct {
		apps []fleet.App
		want problem.ExitReason
	}{
		"nothing is stored of any": {[]fleet.App{empty, going}, problem.Inconsistent},
		"all are in doubt":         {[]fleet.App{doubt}, problem.Inconsistent},
		"all are on their way":     {[]fleet.App{going, uninstalled}, problem.Consistent},
		"one is known":             {[]fleet.App{empty, doubt, app("good")}, problem.Consistent},
	} {
		_, _, res := run(t, &fakeCluster{apps: test.apps, checks: checks}, Options{})
		if res.Reason != test.want || len(res.Notes) > 0 != (test.want != problem.Consistent) {
			t.Errorf("%s: %s, %+v", name, res.Reason, res.Notes)
		}
	}
}
