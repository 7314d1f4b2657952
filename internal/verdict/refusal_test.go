package verdict

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// The charts of one repository have one release where no app tells them apart.
func TestAReleaseOfAnotherChartIsLeftAlone(t *testing.T) {
	of := func(chart string, r facts.Record) facts.Record {
		r.ChartName = chart
		return r
	}
	for name, c := range map[string]struct {
		facts   *facts.Facts
		chart   string
		renamed string
		refused bool
	}{
		"the same chart":                {given(of("web", stored(1, facts.StatusDeployed))), "web", "", false},
		"another":                       {given(of("web", stored(1, facts.StatusDeployed))), "api", "", true},
		"another, that failed at first": {given(of("web", stored(1, facts.StatusFailed))), "api", "", true},
		"one that was renamed":          {given(of("web", stored(1, facts.StatusDeployed))), "api", "web", false},
		"renamed, and deployed since":   {given(of("api", stored(2, facts.StatusDeployed))), "api", "web", false},
		"renamed from a third":          {given(of("web", stored(1, facts.StatusDeployed))), "api", "shop", true},
		"uninstalled":                   {given(of("web", stored(1, facts.StatusUninstalled))), "api", "", false},
		"the last one counts": {given(of("web", stored(1, facts.StatusSuperseded)), of("api", stored(2, facts.StatusDeployed))), "api", "",
			false},
		"a record without a chart": {given(stored(1, facts.StatusDeployed)), "api", "", false},
		"no record":                {given(), "api", "", false},
		"one that has to be mended": {with(given(of("web", stored(1, facts.StatusDeployed))),
			func(f *facts.Facts) { f.Records[0].Hidden = true }), "api", "", true},
		"one that was left unfinished": {ended(inPlace(given(of("web", ours(stored(1, facts.StatusPendingInstall), other)))), other, 1, true),
			"api", "", true},
	} {
		c.facts.Chart = c.chart
		p := usual
		p.RenamedFrom = c.renamed
		plan := PlanDeploy(c.facts, Diagnose(c.facts, p), p)
		if got := plan.Refusal; (got != nil) != c.refused {
			t.Errorf("%s: got %v", name, got)
		} else if got != nil && (got.Reason != problem.Foreign || len(plan.Steps) > 0 || !strings.Contains(got.Error(), `"web"`) ||
			!strings.Contains(got.Next, "app") || !strings.Contains(got.Next, "renamed-from")) {
			t.Errorf("%s: got %+v, %v", name, got, plan.Steps)
		}
	}
}

func TestRefuseOtherApp(t *testing.T) {
	of := func(app string, status facts.Status) *facts.Facts {
		f := given(stored(1, facts.StatusSuperseded), stored(2, status))
		f.Records[0].App = app // the last one is Helm's
		return f
	}
	for name, c := range map[string]struct {
		facts        *facts.Facts
		app, renamed string
		refused      bool
	}{
		"the same app":              {of("shop", facts.StatusDeployed), "shop", "", false},
		"another one":               {of("shop", facts.StatusDeployed), "api", "", true},
		"another one, that failed":  {of("shop", facts.StatusFailed), "api", "", true},
		"which was renamed":         {of("shop", facts.StatusDeployed), "api", "shop", false},
		"renamed from a third":      {of("shop", facts.StatusDeployed), "api", "web", true},
		"none is noted":             {of("", facts.StatusDeployed), "api", "", false},
		"none is known of this run": {of("shop", facts.StatusDeployed), "", "", false},
		"over what is uninstalled":  {of("shop", facts.StatusUninstalled), "api", "", false},
		"nothing is stored":         {given(), "api", "", false},
	} {
		p := usual
		c.facts.App, p.RenamedFrom = c.app, c.renamed
		plan := PlanDeploy(c.facts, Diagnose(c.facts, p), p)
		if got := plan.Refusal; (got != nil) != c.refused {
			t.Errorf("%s: got %v", name, got)
		} else if got != nil && (got.Reason != problem.Foreign || len(plan.Steps) > 0 || !strings.Contains(got.Error(), `"shop"`) ||
			!strings.Contains(got.Next, "{{ .App }}") || !strings.Contains(got.Next, "renamed-from")) {
			t.Errorf("%s: got %+v, %v", name, got, plan.Steps)
		}
		if got := PlanTeardown(c.facts, Diagnose(c.facts, p), p, true); (got.Refusal != nil) != c.refused {
			t.Errorf("%s: its teardown is %+v", name, got)
		}
	}
}

// Adopting is about whose a release is, and says nothing of charts.
func TestAdoptTakesNoReleaseOfAnotherChart(t *testing.T) {
	f := given(stored(1, facts.StatusDeployed))
	f.Records[0].ChartName, f.Records[0].Identity, f.Namespace.Ours, f.Chart = "web", "", false, "api"
	p := usual
	p.Adopt.Release = true
	if plan := PlanDeploy(f, Diagnose(f, p), p); plan.Refusal == nil {
		t.Errorf("it does %v", plan.Steps)
	}
}

// Whoever meets another branch is told of both.
func TestWhatMeetsIsToldWithBothBranches(t *testing.T) {
	theirs := facts.Origin{Repository: "acme/shop", HeadRepository: "mallory/shop", Branch: "patch-1", PullRequest: 8}
	mine := facts.Origin{Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1", PullRequest: 7}
	namespace, record := given(), given(stored(1, facts.StatusDeployed))
	namespace.Namespace.Identity, namespace.Namespace.Origin = "theirs", theirs
	record.Records[0].Identity, record.Records[0].Origin = "theirs", theirs
	namespace.Origin, record.Origin = mine, mine
	for name, said := range map[string]string{
		"before anything is read": RefuseNamespace(namespace.Namespace, me, mine).Error(),
		"its namespace":           Refuse(namespace, Diagnose(namespace, usual)).Error(),
		"its record":              Refuse(record, Diagnose(record, usual)).Error(),
	} {
		for _, want := range []string{
			`branch "patch-1" of mallory/shop (pull request 8 of acme/shop)`, `branch "patch-1" of octo/shop (pull request 7 of acme/shop)`,
		} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q lacks %s", name, said, want)
			}
		}
	}
}
