package report_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/text"
)

const fleetSchemaFile = "../../docs/fleet.schema.json"

var fleetNow = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func fleetApps() []fleet.App {
	full := fleet.App{
		Name: "shop", Namespace: "review-shop-a", Release: "shop", Host: "github.com", Identity: "i",
		Commit: "0123456789", URL: "https://a.example.com",
		Origin:   facts.Origin{Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "feature/a", PullRequest: 7},
		RunURL:   "https://github.com/acme/shop/actions/runs/1",
		Revision: 3, Status: facts.StatusDeployed, Created: fleetNow.Add(-72 * time.Hour), Changed: fleetNow.Add(-time.Hour),
		Deployed: fleetNow.Add(-3 * time.Hour), Dated: true, Expires: fleetNow.Add(7*24*time.Hour - time.Second),
		Requests: "cpu=250m,memory=1Gi", Verdict: "consistent", VerdictAt: fleetNow.Add(-30 * time.Minute),
	}
	stuck := full
	stuck.Namespace, stuck.Status, stuck.Expires = "review-shop-b", facts.StatusPendingUpgrade, fleetNow.Add(-5*time.Hour)
	stuck.Origin.HeadRepository, stuck.Requests = "acme/shop", ""
	kept := full
	kept.Namespace, kept.Keep, kept.Shared = "reviews", "it is marked", true
	doubtful := fleet.App{Namespace: "review-shop-d", Doubt: "its records are of more than one branch", Revision: 1,
		Status: facts.StatusFailed}
	unreadable := fleet.App{Namespace: "infra", Release: "db", Revision: 1, Status: facts.StatusDeployed, Unreadable: "its end is no time"}
	return []fleet.App{full, stuck, kept, doubtful, unreadable}
}

func list(apps ...fleet.App) report.Fleet {
	return report.Fleet{Apps: apps, At: fleetNow, Repository: "github.com/acme/shop"}
}

func TestFleetText(t *testing.T) {
	want, err := os.ReadFile("testdata/fleet.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := report.FleetText(list(fleetApps()...), 0); got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := report.FleetText(report.Fleet{Namespace: "a", Every: true}, 80); got != "No releases in namespace a\n" {
		t.Errorf("of nothing: %q", got)
	}
	for _, width := range []int{1, 10, 60, 100, 120, 150} {
		for line := range strings.Lines(report.FleetText(list(fleetApps()...), width)) {
			if w := text.Width(strings.TrimSuffix(line, "\n")); w > width {
				t.Errorf("%d cells in a width of %d: %s", w, width, line)
			}
		}
	}
	narrow := report.FleetRows(list(fleetApps()...), 150)[1]
	if !strings.Contains(narrow, "0123456") || !strings.Contains(narrow, "in 7d") || !strings.Contains(narrow, "…") {
		t.Errorf("what is short is cut before what is long: %s", narrow)
	}
}

// Where everybody's are listed, a branch alone does not say whose it is.
func TestFleetOfManyRepositories(t *testing.T) {
	f := list(fleetApps()...)
	f.Repository = ""
	for _, got := range []string{report.FleetText(f, 0), report.FleetMarkdown(f)} {
		for _, want := range []string{"octo/shop:feature/a", "acme/shop:feature/a"} {
			if !strings.Contains(got, want) {
				t.Errorf("it has no %q:\n%s", want, got)
			}
		}
	}
}

func TestFleetMarkdown(t *testing.T) {
	got := report.FleetMarkdown(list(fleetApps()...))
	for _, want := range []string{
		"| ✓ | deployed | shop | `octo/shop:feature/a` | [7](<https://github.com/acme/shop/pull/7>) | [`0123456`](<https://github.com/acme/shop/commit/0123456789>) | 3 |",
		"[https\\://a.example.com](<https://a.example.com>) |\n", "- review-shop-d: its records",
		"| PR | Commit | Rev | Age |", " | CPU | Memory |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it has no %q:\n%s", want, got)
		}
	}
}

// Whoever names a branch, or may write annotations, writes into the list.
func TestFleetShowsHostileTextAsText(t *testing.T) {
	hostile := "a|b\n::error::x\r\x1b[31m\x1b]0;t\x07\u202e<img src=x>[l](javascript:alert(1))`c`@octo #1 ##[group]x\x9b31m\u2028"
	a := fleet.App{
		Name: hostile, Namespace: hostile, Release: hostile, Host: hostile, Commit: hostile, Requests: "cpu=" + hostile + ",memory=" + hostile,
		Verdict: hostile, VerdictAt: fleetNow, Keep: hostile, Doubt: hostile, URL: "javascript:alert(1)//" + hostile, RunURL: hostile,
		Origin:   facts.Origin{Repository: hostile, HeadRepository: "other" + hostile, Branch: hostile, PullRequest: 7},
		Revision: 1, Status: facts.Status(hostile),
	}
	f := report.Fleet{Apps: []fleet.App{a}, At: fleetNow, Repository: hostile, Namespace: hostile}
	bad := []string{"\x1b", "\x07", "\u202e", "\u2028", "\r", "\u009b", "\n::error"}
	table := report.FleetText(f, 0)
	for _, b := range bad {
		if strings.Contains(table, b) {
			t.Errorf("the table has %q:\n%q", b, table)
		}
	}
	if n := strings.Count(table, "\n"); n != 5 {
		t.Errorf("the table has %d lines:\n%s", n, table)
	}
	markdown := report.FleetMarkdown(f)
	for _, b := range append(bad, "<img", "](javascript", "@octo") {
		if strings.Contains(strings.ReplaceAll(markdown, `\]`, ""), b) {
			t.Errorf("the Markdown has %q:\n%q", b, markdown)
		}
	}
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 17 {
			t.Errorf("%d borders in %s", strings.Count(line, "|"), line)
		}
	}
	data, err := report.FleetJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append(bad, "##[group]") {
		if strings.Contains(string(data), b) {
			t.Errorf("the JSON has %q", b)
		}
	}
	var d report.FleetDocument
	if err := json.Unmarshal(data, &d); err != nil || d.Apps[0].Branch != strings.ToValidUTF8(hostile, "\uFFFD") || d.Apps[0].RunURL != "" {
		t.Errorf("%v: %q", err, d.Apps[0].Branch)
	}
	if line := report.FleetChange(nil, &a); strings.ContainsAny(line, "\n\x1b\r") {
		t.Errorf("a change is %q", line)
	}
}

func TestFleetJSONFitsItsSchema(t *testing.T) {
	schema := compileFile(t, fleetSchemaFile, closeObjects)
	for _, f := range []report.Fleet{{}, list(fleetApps()...), {Namespace: "a", Apps: fleetApps()}} {
		data, err := report.FleetJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, schema, data)
	}
}

// It is written an app at a time, and is the document that encoding/json would make.
func TestFleetJSONIsOneDocument(t *testing.T) {
	for _, f := range []report.Fleet{{}, list(fleetApps()[:1]...), {Namespace: `"apps": []`, Apps: fleetApps()}} {
		data, err := report.FleetJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		var d report.FleetDocument
		if err := json.Unmarshal(data, &d); err != nil || len(d.Apps) != len(f.Apps) {
			t.Fatalf("%v\n%s", err, data)
		}
		if whole, err := json.MarshalIndent(d, "", "  "); err != nil || string(data) != string(whole)+"\n" {
			t.Errorf("%v: got\n%s\nwant\n%s", err, data, whole)
		}
	}
}

func TestFleetChange(t *testing.T) {
	apps := fleetApps()
	a, b := apps[0], apps[0]
	b.Revision, b.Verdict = 4, "inconsistent"
	for _, c := range []struct {
		before, now *fleet.App
		want        string
	}{
		{nil, nil, ""},
		{&a, &a, ""},
		{nil, &a, "✓ review-shop-a/shop: deployed, revision 3, consistent, https://a.example.com"},
		{&a, nil, "· review-shop-a/shop: gone"},
		{&a, &b, "✗ review-shop-a/shop: inconsistent, revision 4, inconsistent (was deployed, revision 3, consistent)"},
	} {
		if got := report.FleetChange(c.before, c.now); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if first := report.WorstFirst(apps)[0]; !first.State().Bad() {
		t.Errorf("first comes %+v", first)
	}
}

func TestFleetJSONSaysThatItIsStale(t *testing.T) {
	f := list(fleetApps()...)
	for _, f.Stale = range []bool{false, true} {
		data, err := report.FleetJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(string(data), "\n  \"stale\": true,\n"); says != f.Stale {
			t.Errorf("stale: %t, but %.300s", f.Stale, data)
		}
	}
}
