package report_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// withChanges is a deploy into the namespace n that was well, and what it has changed.
func withChanges(c *result.Changes) result.Result {
	return result.Result{
		Subject: result.Subject{Verb: verb.Deploy, App: "shop", Namespace: "n"}, Exit: result.Exit{Reason: problem.Consistent}, Changes: c,
	}
}

// changeOf is a change of an object of that namespace.
func changeOf(a facts.Action, name string) facts.Change {
	return facts.Change{Ref: facts.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "n", Name: name}, Action: a}
}

// forms are all forms in which people read a result.
func forms(t *testing.T, r result.Result) map[string]string {
	t.Helper()
	return map[string]string{
		"text": report.Text(r), "summary": report.Markdown(r), "comment": report.Comment(r), "page": checkPage(t, page(t, r)),
	}
}

func TestNothingChanged(t *testing.T) {
	hook := []facts.Change{changeOf(facts.ActionRun, "migrate")}
	for _, c := range []struct {
		changes result.Changes
		want    string
	}{
		{result.Changes{Unchanged: 7}, "Nothing changed: all 7 objects are as they were."},
		{result.Changes{Unchanged: 1}, "Nothing changed: the one object is as it was."},
		{result.Changes{}, "Nothing changed."},
		{result.Changes{Unchanged: 7, All: hook}, "Nothing changed: all 7 objects are as they were; 1 hook ran."},
		{result.Changes{Planned: true, Unchanged: 7}, "Nothing would change: all 7 objects stay as they are."},
		{result.Changes{Planned: true, Unchanged: 7, All: hook}, "Nothing would change: all 7 objects stay as they are; 1 hook would run."},
	} {
		for form, got := range forms(t, withChanges(&c.changes)) {
			if !strings.Contains(got, "\n"+c.want+"\n") || strings.Contains(got, "What ") {
				t.Errorf("%s: %q is not in\n%s", form, c.want, got)
			}
		}
	}
}

func TestUnknownChangesAreNotTold(t *testing.T) {
	for form, got := range forms(t, withChanges(nil)) {
		if strings.Contains(strings.ToLower(got), "change") {
			t.Errorf("%s:\n%s", form, got)
		}
	}
	if data, err := report.JSON(withChanges(nil)); err != nil || strings.Contains(string(data), `"changes"`) {
		t.Errorf("%v\n%s", err, data)
	}
}

func TestTextOfChanges(t *testing.T) {
	withWhy := func(c facts.Change) facts.Change {
		c.Why = "because"
		return c
	}
	restarting := changeOf(facts.ActionChange, "x")
	restarting.Restarts = true
	elsewhere := changeOf(facts.ActionCreate, "x")
	elsewhere.Namespace = "other"
	for _, c := range []struct {
		change        facts.Change
		done, planned string
	}{
		{changeOf(facts.ActionCreate, "x"), "+ ConfigMap/x", "+ ConfigMap/x"},
		{elsewhere, "+ other/ConfigMap/x", "+ other/ConfigMap/x"},
		{changeOf(facts.ActionDelete, "x"), "- ConfigMap/x", "- ConfigMap/x"},
		{changeOf(facts.ActionChange, "x"), "~ ConfigMap/x", "~ ConfigMap/x"},
		{restarting, "~ ConfigMap/x (restarts its pods)", "~ ConfigMap/x (restarts its pods)"},
		{changeOf(facts.ActionLeave, "x"), "= ConfigMap/x (left in place)", "= ConfigMap/x (to be left in place)"},
		{withWhy(changeOf(facts.ActionUnknown, "x")), "? ConfigMap/x (not known): because", "? ConfigMap/x (not known): because"},
		{withWhy(changeOf(facts.ActionRefused, "x")), "! ConfigMap/x: because", "! ConfigMap/x: because"},
		{changeOf(facts.ActionRefused, "x"), "! ConfigMap/x (refused)", "! ConfigMap/x (refused)"},
		{changeOf("", "x"), "? ConfigMap/x (not known)", "? ConfigMap/x (not known)"},
	} {
		for planned, want := range map[bool]string{false: c.done, true: c.planned} {
			got := report.Text(withChanges(&result.Changes{Planned: planned, All: []facts.Change{c.change}}))
			title := map[bool]string{false: "\nWhat changed\n", true: "\nWhat would change\n"}[planned]
			if !strings.Contains(got, "\n  "+want+"\n") || !strings.Contains(got, title) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
	}
}

// Of what is secret, nothing is told but that it differs, or that it has come or gone.
func TestFieldsOfChanges(t *testing.T) {
	for _, c := range []struct {
		field          facts.FieldChange
		text, markdown string
	}{
		{facts.FieldChange{Path: "spec.replicas", Before: "1", After: "2"}, "spec.replicas: 1 → 2", "`spec.replicas`: `1` → `2`"},
		{facts.FieldChange{Path: "p", After: "2"}, "p: (none) → 2", "`p`: (none) → `2`"},
		{facts.FieldChange{Path: "p", Before: "1"}, "p: 1 → (none)", "`p`: `1` → (none)"},
		{facts.FieldChange{Path: "p", Before: "(none)"}, "p: (none) → (none)", "`p`: `(none)` → (none)"},
		{facts.FieldChange{Path: "p", Before: " ", After: "a\n\tb"}, `p: "" → a b`, "`p`: `\"\"` → `a b`"},
		{facts.FieldChange{Path: "p", After: facts.NotShown}, "p: (none) → (not shown)", "`p`: (none) → (not shown)"},
		{facts.FieldChange{Path: "p", Before: facts.NotShown}, "p: (not shown) → (none)", "`p`: (not shown) → (none)"},
		{facts.FieldChange{Path: "p", Before: facts.NotShown, After: facts.NotShown}, "p: another value, and neither is shown",
			"`p`: another value, and neither is shown"},
		{facts.FieldChange{Path: "p", Before: "***", After: "***"}, "p: another value, and neither is shown",
			"`p`: another value, and neither is shown"},
	} {
		change := changeOf(facts.ActionChange, "x")
		change.Fields = []facts.FieldChange{c.field}
		r := withChanges(&result.Changes{All: []facts.Change{change}})
		for form, want := range map[string]string{"text": "\n      " + c.text + "\n", "comment": "\n    " + c.text + "\n",
			"summary": "<br>" + c.markdown + " |\n"} {
			if got := forms(t, r)[form]; !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", form, want, got)
			}
		}
	}
}

func TestChangesAreCapped(t *testing.T) {
	var c result.Changes
	for i := range 500 {
		change := changeOf(facts.ActionChange, fmt.Sprint("x", i))
		for j := range 15 {
			change.Fields = append(change.Fields, facts.FieldChange{Path: fmt.Sprint("f", j), Before: "1", After: "2"})
		}
		c.All = append(c.All, change)
	}
	c.All[499].Action = facts.ActionRefused
	r := withChanges(&c)
	left := map[string]int{"text": 490, "comment": 490, "summary": 400, "page": 400}
	for form, got := range forms(t, r) {
		if !strings.Contains(got, fmt.Sprintf("and %d more\n", left[form])) || strings.Count(got, "and 5 more") != 500-left[form] {
			t.Errorf("%s does not say how many are left out:\n%.600s", form, got)
		}
		if first := strings.Index(got, "ConfigMap/x499"); first < 0 || first > strings.Index(got, "ConfigMap/x0") {
			t.Errorf("%s: the refused one is not first:\n%.600s", form, got)
		}
	}
	var document report.Document
	if data, err := report.JSON(r); err != nil || json.Unmarshal(data, &document) != nil {
		t.Fatal(err)
	}
	if n := len(document.Changes.Objects); n != 500 || len(document.Changes.Objects[0].Fields) != 15 {
		t.Errorf("report.json has %d objects", n)
	}
}

// However long names and values are, what follows the changes is shown as well.
func TestLongChangesLeaveRoom(t *testing.T) {
	for _, s := range []string{"|", `"`, "`a` ", "<", "\u202e"} {
		long := changeOf(facts.ActionChange, strings.Repeat(s, 1000))
		long.Why = long.Name
		for range 20 {
			long.Fields = append(long.Fields, facts.FieldChange{Path: long.Name, Before: long.Name + "1", After: "2" + long.Name})
		}
		c := result.Changes{}
		for range 500 {
			c.All = append(c.All, long)
		}
		r := withChanges(&c)
		r.ChartNote = "the notes are here"
		for form, got := range forms(t, r) {
			if limit := map[string]int{"comment": 60 << 10}[form]; limit > 0 && len(got) > limit || len(got) > 900<<10 {
				t.Errorf("%s of %q: %d bytes", form, s, len(got))
			}
			if (form == "summary" || form == "page") && !strings.Contains(got, r.ChartNote) {
				t.Errorf("%s of %q has no room for the notes", form, s)
			}
		}
	}
}

// Text of others makes no HTML, no link, no mention, no further row and no command of a platform.
func TestHostileTextOfChanges(t *testing.T) {
	for _, hostile := range []string{
		"@acme/everyone #1 !2 ~bug https://evil.example/x", "/close", "x\n/close\n| a | b |", "```\n/close\n@all", "````\n# heading\n````",
		"a|@b|<img src=x>", "`", "``` `", "--> <img src=x>", "</details>", "[x](javascript:alert(1))", "\r\n::error::x", "\u2028/close",
		"\u200b/close", "\x1b[31m/close", "`@all`", "<br>@all", "| |\n\n# heading", "~~~\n@all",
	} {
		all := []facts.Change{{
			Ref: facts.Ref{APIVersion: hostile, Kind: hostile, Namespace: hostile, Name: hostile}, Action: facts.ActionChange, Restarts: true,
			Why: hostile, Fields: []facts.FieldChange{{Path: hostile, Before: hostile, After: hostile + "."}, {Path: hostile, After: hostile}},
		}}
		r := withChanges(&result.Changes{All: all})
		comment := report.Comment(r)
		if command := regexp.MustCompile(`(?m)^\s*/`).FindString(comment); command != "" {
			t.Errorf("%q: a line of the comment is a command:\n%s", hostile, comment)
		}
		own := strings.NewReplacer("<details><summary>What changed: 1 changed (pods of 1 restarted)</summary>", "", "\n\n</details>\n", "")
		if left := own.Replace(outsideCode(comment)); regexp.MustCompile(`[@#!~%$&<|]\w|evil|javascript|heading`).MatchString(left) {
			t.Errorf("%q: running text of the comment has it:\n%s", hostile, left)
		}
		checkHostileSummary(t, hostile, report.Markdown(r))
		for line := range strings.Lines(report.Text(r)) {
			if regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x{200b}\x{2028}]`).MatchString(line) {
				t.Errorf("%q: a line of the log is %q", hostile, line)
			}
		}
	}
}

// checkHostileSummary looks at the section of the changes, which has one row.
func checkHostileSummary(t *testing.T, hostile, summary string) {
	t.Helper()
	_, section, _ := strings.Cut(summary, "### What changed\n\n")
	lines := strings.Split(strings.TrimSpace(section), "\n")
	if len(lines) != 9 || lines[8] != "</details>" || strings.Count(lines[6], "|") != 4 {
		t.Errorf("%q: %d lines:\n%s", hostile, len(lines), section)
		return
	}
	left := strings.NewReplacer("<br>", "", "&#124;", "", "\\]", "", "\\:", "").Replace(outsideCode(lines[6]))
	if regexp.MustCompile(`[@#]\w|<|\]\(|://|\*\*`).MatchString(left) {
		t.Errorf("%q: running text of the summary has it:\n%s", hostile, left)
	}
}
