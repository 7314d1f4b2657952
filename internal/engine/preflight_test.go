package engine

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// ofChart are needs as a chart has them: some of its namespace, one of the cluster, one handed on.
func ofChart() (needs problem.Needs) {
	add := func(action, resource, namespace string, level problem.Level, handsOn bool) {
		needs.Add(problem.Need{Now: level, Later: level, HandsOn: handsOn,
			Permission: problem.Permission{Verb: action, Resource: resource, Namespace: namespace, Why: "make " + resource}})
	}
	add("create", "services", "review", problem.Required, false)
	add("create", "jobs", "review", problem.Required, false)
	add("watch", "jobs", "review", problem.Better, false)
	add("create", "storageclasses", "", problem.Required, false)
	add("get", "pods", "review", problem.Required, true)
	needs.Add(problem.Need{Now: problem.Required, Later: problem.Required, Guessed: true,
		Permission: problem.Permission{Verb: "create", Resource: "boats", Namespace: "review", Why: "make boats"}})
	needs.Note("What it does elsewhere is not known.")
	return needs
}

// With a chart, whatever is missing is told at once: Berth's own and the chart's, each place by an
// annotation of its own.
func TestPreflightOfAChart(t *testing.T) {
	for name, c := range map[string]struct {
		denied, unknown []string
		missing         int
		says            []string
		notes           []string
		byHand          bool
	}{
		"all is granted": {notes: []string{"What it does elsewhere"}},
		"two places": {denied: []string{"update secrets", "create services", "create storageclasses"}, missing: 3,
			says:   []string{"update secrets in namespace review", "create services", "create storageclasses"},
			notes:  []string{"Missing in namespace review, for a Role: 2 permissions", "Missing outside of namespaces"},
			byHand: true},
		"what is made up":   {denied: []string{"create boats"}, missing: 1, byHand: true},
		"what is handed on": {denied: []string{"get pods"}, missing: 1, byHand: true},
		"without a watch":   {denied: []string{"watch jobs"}, notes: []string{"watch jobs in namespace review: make jobs"}},
		"nobody may ask":    {unknown: []string{"create services"}, notes: []string{"whether it may create services"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t.Context())
				s.options.Chart, s.needs.all, s.access.unknown = true, ofChart(), map[string]bool{}
				s.access.optional["watch jobs"] = true
				for _, d := range c.denied {
					s.access.denied[d] = true
				}
				for _, u := range c.unknown {
					s.access.unknown[u] = true
				}
				r := s.run(verb.Preflight)
				if len(r.Missing) != c.missing || (r.Reason == problem.PermissionMissing) != (c.missing > 0) {
					t.Errorf("%s, missing %v", r.Headline, r.Missing)
				}
				if n := s.access.times("ReviewNeeds"); n != 1 {
					t.Errorf("asked %d times", n)
				}
				if strings.Contains(r.Next, NextByHand) != c.byHand {
					t.Errorf("next is %q", r.Next)
				}
				for _, text := range c.says {
					if !strings.Contains(r.Headline, text) {
						t.Errorf("it does not say %q: %s", text, r.Headline)
					}
				}
				for _, text := range c.notes {
					if !saysInNote(r, text) {
						t.Errorf("no note says %q: %v", text, r.Notes)
					}
				}
			})
		})
	}
}

func saysInNote(r result.Result, text string) bool {
	for _, n := range r.Notes {
		if strings.Contains(n.Title+" "+n.Message, text) {
			return true
		}
	}
	return false
}

// What another account needs for a chart is written without asking, and what reaches further is told.
func TestPreflightOfAChartForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t.Context())
		s.options.Chart, s.options.For, s.needs.all = true, "jane", ofChart()
		r := s.run(verb.Preflight)
		if !strings.Contains(r.RBAC, "for jane, 3 more") || !strings.Contains(r.Next, NextByHand) || s.access.times("ReviewNeeds") > 0 {
			t.Errorf("RBAC %q, next %q", r.RBAC, r.Next)
		}
	})
}

func TestGroupMissing(t *testing.T) {
	var missing []problem.MissingPermission
	add := func(action, group, resource, namespace string) {
		missing = append(missing, problem.MissingPermission{Permission: problem.Permission{Verb: action, Group: group, Resource: resource,
			Namespace: namespace}})
	}
	add("create", "", "services", "review")
	add("create", "apps", "deployments", "review")
	add("patch", "", "services", "review")
	add("patch", "apps", "deployments", "review")
	add("get", "", "pods", "review")
	add("create", "", "nodes", "")
	const want = "create, patch services, deployments.apps and get pods in namespace review; create nodes"
	if got := groupMissing(missing); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is written replaces what was applied before where it is all that the account needs, and else adds to it.
func TestWhatIsWrittenIsWholeOrAPart(t *testing.T) {
	within := problem.Needs{}
	for _, n := range ofChart().All {
		if !n.ByHand("review") {
			within.Add(n)
		}
	}
	for name, c := range map[string]struct {
		verb    verb.Verb
		chart   bool
		needs   problem.Needs
		account string // another one
		denied  string
		full    bool
		whole   bool
	}{
		"with the chart":                  {verb: verb.Preflight, chart: true, needs: within, denied: "create services", whole: true},
		"optional alone":                  {verb: verb.Preflight, chart: true, needs: within, denied: "watch jobs", whole: true},
		"Berth's own, with the chart":     {verb: verb.Preflight, chart: true, needs: within, denied: "update secrets", whole: true},
		"for another":                     {verb: verb.Preflight, chart: true, needs: within, account: "jane", whole: true},
		"the chart reaches further":       {verb: verb.Preflight, chart: true, needs: ofChart(), denied: "create services"},
		"which it does, for another":      {verb: verb.Preflight, chart: true, needs: ofChart(), account: "jane"},
		"without a chart":                 {verb: verb.Preflight, denied: "update secrets"},
		"without a chart, for another":    {verb: verb.Preflight, account: "jane"},
		"a deploy":                        {verb: verb.Deploy, needs: within, denied: "update secrets"},
		"a deploy that asks for all":      {verb: verb.Deploy, needs: within, denied: "create services", full: true},
		"a teardown, which needs no more": {verb: verb.Teardown, needs: within, denied: "delete secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t.Context())
				s.options.Chart, s.options.For, s.options.Full, s.options.RBACWait, s.needs.all = c.chart, c.account, c.full, 0, c.needs
				s.access.denied[c.denied], s.access.optional["watch jobs"] = true, true
				r := s.run(c.verb)
				if want := fmt.Sprintf("whole: %t", c.whole); !strings.HasSuffix(r.RBAC, want) {
					t.Errorf("%s: RBAC %q, want %s", r.Headline, r.RBAC, want)
				}
			})
		})
	}
}

// Of the kinds that a deploy is denied something of, it has all that the chart takes granted, but what is handed on,
// and of no other kind.
func TestKindsThatWereDenied(t *testing.T) {
	of := func(action, resource string) problem.MissingPermission {
		return problem.MissingPermission{Permission: problem.Permission{Verb: action, Resource: resource, Namespace: "review"}}
	}
	storage := problem.MissingPermission{Permission: problem.Permission{Resource: "storageclasses"}}
	for name, c := range map[string]struct {
		verb     verb.Verb
		rendered bool
		missing  problem.MissingPermission
		offered  int
	}{
		"a kind of the chart":       {verb.Deploy, true, of("get", "jobs"), 2},
		"one that is not in it":     {verb.Deploy, true, of("get", "secrets"), 0},
		"one that is handed on":     {verb.Deploy, true, of("get", "pods"), 0},
		"one that is made up":       {verb.Deploy, true, of("create", "boats"), 0},
		"of the cluster":            {verb.Deploy, true, storage, 0},
		"before a chart is there":   {verb.Deploy, false, of("get", "jobs"), 0},
		"a verb that has no charts": {verb.Teardown, true, of("get", "jobs"), 0},
	} {
		report := &reporter{}
		report.result.Namespace = "review"
		s := &session{permissions: &permissions{verb: c.verb, report: report}, chart: &chartSource{}}
		s.backend.Needs = fakeNeeds{all: ofChart()}
		if c.rendered {
			s.chart.rendered = rendering{revision: 1}
		}
		s.offerKinds(t.Context(), []problem.MissingPermission{c.missing})
		if got := s.permissions.chart; len(got) != c.offered {
			t.Errorf("%s: %v", name, got)
		}
	}
}
