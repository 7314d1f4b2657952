package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// looked is a list of which each app was looked at, one in each way that is found.
func looked(hostile string) report.Fleet {
	f := report.Fleet{At: fleetNow, Repository: "github.com/acme/shop"}
	r := result.Result{Subject: result.Subject{Verb: verb.List},
		Exit:  result.Exit{Reason: problem.Inconsistent, ExitCode: 24, Headline: "So it is."},
		Round: &result.Round{Repository: f.Repository}}
	for i, found := range result.Founds {
		a := fleetApps()[0]
		a.Namespace, a.Checked = fmt.Sprintf("ns-%d", i), true
		v := result.Visit{Namespace: a.Namespace, Release: a.Release, Branch: a.Origin.Branch + hostile, State: string(a.State()), Found: found,
			Verdict: problem.Inconsistent, Why: "It is so" + hostile, Next: "Do this:\n$ berth check" + hostile, Repair: "promote",
			Missing: []problem.MissingPermission{{Permission: problem.Permission{Verb: "get", Resource: "secrets"}, Reason: hostile}}}
		if found.Bad() {
			a.Drift = []string{"Deployment/web: spec.replicas" + hostile, "ConfigMap/web: data"}
			v.Drift = a.Drift
		}
		f.Apps, r.Round.Visits = append(f.Apps, a), append(r.Round.Visits, v)
	}
	f.Ended = &r
	return f
}

func TestFleetThatWasLookedAt(t *testing.T) {
	f := looked("")
	table, markdown := report.FleetText(f, 0), report.FleetMarkdown(f)
	for _, want := range []string{"Deployment/web: spec.replicas, and 1 more object", "  no  ", "✗ So it is.", "Not repaired: 1",
		"Busy: 1", "promote",
		"ns-1/shop (feature/a): deployed: It is so."} {
		if !strings.Contains(table, want) {
			t.Errorf("the text has no %q:\n%s", want, table)
		}
	}
	for _, want := range []string{"## ❌ So it is.", "### Not as it should be: 1", "### Repaired: 1",
		"<summary>Busy: 1</summary>", "| ✓ | deployed | shop |"} {
		if !strings.Contains(markdown, want) {
			t.Errorf("the Markdown has no %q:\n%s", want, markdown)
		}
	}
	data, err := report.FleetJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	validate(t, compileFile(t, fleetSchemaFile, closeObjects), data)
	var d report.FleetDocument
	if err := json.Unmarshal(data, &d); err != nil || d.Ended.ExitCode != 24 || d.Ended.Counts.Busy != 1 ||
		d.Apps[1].Visit.Found != "inconsistent" {
		t.Errorf("%v: %+v", err, d.Ended)
	}
	junit, err := report.JUnit(*f.Ended)
	if err != nil || !strings.Contains(string(junit), `tests="7" failures="2" skipped="3"`) {
		t.Errorf("%v\n%s", err, junit)
	}
}

func TestFleetThatWasLookedAtShowsHostileTextAsText(t *testing.T) {
	hostile := "a|b\n::error::x\x1b[31m\u202e<img src=x>[l](javascript:alert(1))@octo ##[group]x"
	f := looked(hostile)
	data, err := report.FleetJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	junit, err := report.JUnit(*f.Ended)
	if err != nil {
		t.Fatal(err)
	}
	bad := []string{"\x1b", "\u202e", "\n::error"}
	for name, shown := range map[string]string{"text": report.FleetText(f, 0), "Markdown": report.FleetMarkdown(f),
		"JSON": string(data), "JUnit": string(junit)} {
		for _, b := range bad {
			if strings.Contains(shown, b) && (name != "JUnit" || b != "\n::error") { // which is no log
				t.Errorf("the %s has %q:\n%q", name, b, shown)
			}
		}
		links := strings.Contains(strings.ReplaceAll(shown, `\]`, ""), "](javascript")
		if name == "Markdown" && (links || strings.Contains(shown, "<img") || strings.Contains(shown, " @octo")) {
			t.Errorf("it is Markdown:\n%s", shown)
		}
	}
}

// GitHub drops a summary above 1 MiB.
func TestFleetSummaryIsNeverTooLarge(t *testing.T) {
	long := strings.Repeat("<|>", 300)
	f := looked(long)
	for range 300 {
		a := fleetApps()[1]
		a.URL, a.Origin.Branch, a.Namespace, a.Verdict, a.Name = "https://x/"+long, long, long, long, long
		a.Requests = "cpu=" + long + ",memory=" + long
		f.Apps = append(f.Apps, a)
		f.Ended.Round.Visits = append(f.Ended.Round.Visits,
			result.Visit{Namespace: long, Release: long, Found: result.FoundInconsistent, Why: long, Next: long})
	}
	page := report.FleetSummaryPage(f)
	if len(page) > 900<<10 || !strings.Contains(page, "more\n") {
		t.Errorf("%d bytes", len(page))
	}
	f.Ended = nil
	page = report.FleetSummaryPage(f)
	if len(page) > 900<<10 || !strings.Contains(page, "and ") || !strings.Contains(page, string(fleet.StateStuck)) {
		t.Errorf("of a list: %d bytes", len(page))
	}
}
