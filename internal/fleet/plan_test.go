package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// several are apps of a repository, each deployed an hour after the one before, the first n hours
// ago, and all of them well.
func several(n int, change ...func(i int, a *App, answer *Answer)) (apps []App, decisions []Decision) {
	for i := range n {
		app, answer := shop(func(a *App) {
			a.Namespace, a.Identity = fmt.Sprintf("review-%d", i), fmt.Sprintf("id%d", i)
			a.Deployed = noon.Add(time.Duration(i-n) * hour)
		}), answers(PullOpen)
		for _, c := range change {
			c(i, &app, &answer)
		}
		apps = append(apps, app)
		decisions = append(decisions, Decide(app, answer, policy(), noon))
	}
	return apps, decisions
}

// merged are those of which that is true.
func merged(which func(i int) bool) func(int, *App, *Answer) {
	return func(i int, _ *App, answer *Answer) {
		if which(i) {
			answer.Pull = PullMerged
		}
	}
}

func TestPlanTakesTheOldestFirst(t *testing.T) {
	apps, decisions := several(9, merged(func(i int) bool { return i%2 == 1 }))
	slices.Reverse(apps)
	slices.Reverse(decisions)
	p := NewPlan(apps, decisions, Limits{MaxDeletions: 3})
	if !slices.Equal(p.Take, []int{7, 5, 3}) || !slices.Equal(p.Later, []int{1}) || p.Refused != "" {
		t.Errorf("%+v", p)
	}
	if p := NewPlan(apps, decisions, Limits{}); len(p.Take) != 0 || len(p.Later) != 4 {
		t.Errorf("without a limit that is known: %+v", p)
	}
	if p := NewPlan(nil, nil, Limits{MaxApps: 1, MaxDeletions: 20}); len(p.Take)+len(p.Later) != 0 || p.Refused != "" {
		t.Errorf("of nothing: %+v", p)
	}
}

func TestPlanRefusesMoreThanHalf(t *testing.T) {
	for _, c := range []struct {
		apps, merged int
		refused      bool
	}{{9, 9, false}, {10, 5, false}, {10, 6, true}, {21, 10, false}, {21, 11, true}, {100, 51, true}} {
		apps, decisions := several(c.apps, merged(func(i int) bool { return i < c.merged }))
		p := NewPlan(apps, decisions, Limits{MaxDeletions: 20})
		if (p.Refused != "") != c.refused || (len(p.Take) == 0) != c.refused || len(p.Take)+len(p.Later) != c.merged {
			t.Errorf("%+v: %+v", c, p)
		}
		if c.refused && !strings.Contains(p.Refused, fmt.Sprintf("%d of the %d review apps of acme/shop would go", c.merged, c.apps)) {
			t.Errorf("it says %q", p.Refused)
		}
		if p := NewPlan(apps, decisions, Limits{MaxDeletions: 20, YesMany: true}); p.Refused != "" || len(p.Take) != min(20, c.merged) {
			t.Errorf("%+v: refused all the same: %+v", c, p)
		}
	}
	// Neither those that are going already nor those of others make the whole larger.
	apps, decisions := several(30, merged(func(i int) bool { return i < 6 }), func(i int, a *App, _ *Answer) {
		switch {
		case i >= 20:
			foreign(a)
		case i >= 10:
			a.Going = true
		}
	})
	if p := NewPlan(apps, decisions, Limits{MaxDeletions: 20}); p.Refused == "" {
		t.Errorf("6 of 10: %+v", p)
	}
}

func TestPlanOverMaxApps(t *testing.T) {
	over := func(p Plan) (all []int) {
		for i, d := range p.Decisions {
			if d.Reason == ReasonOver && d.Wanted() {
				all = append(all, i)
			}
		}
		return all
	}
	apps, decisions := several(8)
	for most, want := range map[int]int{0: 0, 1: 7, 5: 3, 8: 0, 9: 0} {
		p := NewPlan(apps, decisions, Limits{MaxApps: most, MaxDeletions: 20})
		if got := over(p); len(got) != want || want > 0 && got[0] != 0 {
			t.Errorf("at most %d: %v go", most, got)
		}
	}
	// What goes anyway makes room; what is held counts and stays.
	apps, decisions = several(8, merged(func(i int) bool { return i == 7 }), func(i int, a *App, _ *Answer) {
		switch i {
		case 0:
			a.Keep = "it is marked"
		case 1:
			a.Held = true
		}
	})
	p := NewPlan(apps, decisions, Limits{MaxApps: 4, MaxDeletions: 20})
	if got := over(p); !slices.Equal(got, []int{2, 3, 4}) || !slices.Equal(p.Take, []int{7, 2, 3, 4}) {
		t.Errorf("%v are too many: %+v", got, p)
	}
	for _, i := range []int{2, 7} {
		if !Again(p.Decisions[i], apps[i], answers(PullOpen), policy(), noon).Goes() != (i == 7) {
			t.Errorf("app %d, asked again: %+v", i, p.Decisions[i])
		}
	}
	p = NewPlan(apps, decisions, Limits{MaxApps: 1, MaxDeletions: 20})
	if got := over(p); !slices.Equal(got, []int{2, 3, 4, 5, 6}) {
		t.Errorf("two are held, and %v go", got)
	}
	// Another repository's are counted by themselves.
	apps, decisions = several(8, func(i int, a *App, _ *Answer) {
		if i < 6 {
			foreign(a)
		}
	})
	if got := over(NewPlan(apps, decisions, Limits{MaxApps: 2, MaxDeletions: 20})); len(got) > 0 {
		t.Errorf("%v are too many", got)
	}
}

// What passes for an app, and is not known to be one, has no other go, and does not hide how many go.
func TestPlanCountsNoDoubt(t *testing.T) {
	doubtful := func(from int) func(int, *App, *Answer) {
		return func(i int, a *App, _ *Answer) {
			if i >= from {
				a.Doubt = "its namespace is of another branch"
			}
		}
	}
	apps, decisions := several(30, doubtful(10))
	if p := NewPlan(apps, decisions, Limits{MaxApps: 20, MaxDeletions: 20}); len(p.Take) > 0 {
		t.Errorf("ten of twenty are too many: %+v", p)
	}
	if got := OverMax(apps, "acme", "new", "", 20); got != nil {
		t.Errorf("ten of twenty leave no room: %d", len(got))
	}
	apps, decisions = several(30, merged(func(i int) bool { return i < 10 }), doubtful(10))
	if p := NewPlan(apps, decisions, Limits{MaxDeletions: 20}); p.Refused == "" {
		t.Errorf("all go: %+v", p)
	}
}

func TestOverMax(t *testing.T) {
	apps, _ := several(5, func(i int, a *App, _ *Answer) {
		switch i {
		case 1:
			a.Going = true
		case 2:
			foreign(a)
		}
	})
	slices.Reverse(apps)
	for _, c := range []struct {
		identity string
		most     int
		want     int
	}{{"new", 3, 3}, {"new", 2, 3}, {"new", 4, 0}, {"new", 0, 0}, {"id0", 1, 0}, {"id1", 3, 3}, {"id2", 3, 3}} {
		got := OverMax(apps, "acme", c.identity, "", c.most)
		if len(got) != c.want || len(got) > 0 && got[0].Identity != "id0" {
			t.Errorf("%+v: %d run", c, len(got))
		}
	}
	if got := OverMax(apps, "", "new", "", 1); got != nil {
		t.Errorf("of no repository: %v", got)
	}
}
