package report_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// huge is a result that has much of everything.
func huge(hostile string) result.Result {
	r := result.Result{
		Exit:    result.Exit{Headline: hostile, Cause: hostile + "\n" + hostile, Next: hostile, RBAC: hostile, Reason: problem.Inconsistent},
		Subject: result.Subject{Branch: hostile, User: hostile},
		Log:     result.Log{ChartNote: hostile},
	}
	for range 3000 {
		r.Objects = append(r.Objects, facts.Object{Ref: facts.Ref{Kind: hostile[:900]}, Exists: true, Reason: hostile[:900]})
		r.Checks = append(r.Checks, result.Check{Title: hostile[:900], Findings: []string{hostile[:900], hostile[:900]}})
		r.Evidence = append(r.Evidence, hostile[:900])
		r.Kept = append(r.Kept, hostile[:900])
		r.Remains = append(r.Remains, hostile[:900])
		r.Missing = append(r.Missing, problem.MissingPermission{Reason: hostile[:900]})
		r.Timeline = append(r.Timeline, result.Event{What: hostile[:900]})
		r.Audit = append(r.Audit, result.Write{Error: hostile[:900]})
		r.Traffic = append(r.Traffic, result.Requests{Resource: hostile[:900]})
	}
	return r
}

func TestMarkdownIsBounded(t *testing.T) {
	md := report.Markdown(huge(strings.Repeat("|", 1<<20)))
	if len(md) > 900<<10 {
		t.Errorf("%d bytes", len(md))
	}
	if !strings.Contains(md, "report.json has them") {
		t.Error("does not say that sections are left out")
	}
	if strings.Count(md, "<details>") != strings.Count(md, "</details>") {
		t.Error("a folded section is left open")
	}
}

func TestObjectsAreCappedUnhealthyFirst(t *testing.T) {
	var r result.Result
	for i := range 150 {
		r.Objects = append(r.Objects, facts.Object{
			Ref: facts.Ref{Kind: "Pod", Name: fmt.Sprint("p", i)}, Exists: true, Owned: true, Ready: i != 149,
		})
	}
	md := report.Markdown(r)
	if !strings.Contains(md, "and 50 more") {
		t.Error("does not say how many are left out")
	}
	if first := strings.Index(md, "`Pod/p149`"); first < 0 || first > strings.Index(md, "`Pod/p0`") {
		t.Errorf("the unhealthy object is not first:\n%.400s", md)
	}
}

func TestAnnotationsAreCapped(t *testing.T) {
	var r result.Result
	for i := range 15 {
		r.Notes = append(r.Notes,
			result.Note{Level: result.LevelNotice, Title: fmt.Sprint("n", i), Message: "m"},
			result.Note{Level: result.LevelError, Title: "a\nb", Message: strings.Repeat("ü", 4096)})
	}
	notes := report.Annotations(r)
	if len(notes) != 20 || notes[9].Level != result.LevelError || notes[10].Title != "n0" {
		t.Fatalf("%d notes, %v", len(notes), notes[10])
	}
	if m := notes[0].Message; len(m) > 4096 || !utf8.ValidString(m) {
		t.Errorf("message of %d bytes", len(m))
	}
	if notes[0].Title != "a b" {
		t.Errorf("title %q", notes[0].Title)
	}
}

func TestAnnotationsSayHowTheRunEnded(t *testing.T) {
	r := load(t, "testdata/founding")
	if got := report.Annotations(r); len(got) != 1 {
		t.Errorf("a note of that level is there already, got %v", got)
	}
	r.Notes = nil
	got := report.Annotations(r)
	if len(got) != 1 || got[0].Level != result.LevelError {
		t.Fatalf("got %v", got)
	}
	for _, want := range []string{"update secrets", "review-shop-feature-login", "system:serviceaccount:ci:berth"} {
		if !strings.Contains(got[0].Message, want) {
			t.Errorf("%q is not in %q", want, got[0].Message)
		}
	}
	if got := report.Annotations(load(t, "testdata/consistent")); len(got) != 0 {
		t.Errorf("a plain success has annotations: %v", got)
	}
}

// What soft-fail names leaves no error behind, whatever the run has noted.
func TestASoftenedRunHasNoErrorAnnotation(t *testing.T) {
	r := load(t, "testdata/crash")
	r.Softened = true
	warning := result.Note{Level: result.LevelWarning, Title: "softened", Message: "why"}
	notice := result.Note{Level: result.LevelNotice, Title: "n"}
	for _, notes := range [][]result.Note{nil, {warning}, {notice}} {
		r.Notes = notes
		got := report.Annotations(r)
		if len(got) == 0 || got[0].Level != result.LevelWarning || !strings.Contains(got[0].Message, "panic: no DATABASE_URL") {
			t.Errorf("of %v come %v", notes, got)
		}
	}
	if md, log := report.Markdown(r), report.Text(r); !strings.HasPrefix(md, "## ⚠️ ") || !strings.HasPrefix(log, "! ") {
		t.Errorf("%.20q, %.20q", md, log)
	}
}

// A title shows backticks as they are, so it has none; a place stays with its note.
func TestTitlesArePlain(t *testing.T) {
	r := load(t, "testdata/image-missing")
	const want = "The image registry.example.com/shop:missing does not exist (Deployment/shop)"
	if got := report.Annotations(r); len(got) != 1 || got[0].Title != want {
		t.Errorf("got %+v", got)
	}
	r.Notes = []result.Note{{Level: result.LevelError, Title: "`a` is `b`.", Message: "`c`", File: "chart/values.yaml", Line: 7}}
	if got := report.Annotations(r)[0]; got.Title != "a is b" || got.File != "chart/values.yaml" || got.Line != 7 {
		t.Errorf("got %+v", got)
	}
}

// An annotation shows the log from the line on that tells why, not the end of a stack.
func TestAnnotationsShowTheTellingLine(t *testing.T) {
	lines := strings.Split("a\nb\npanic: why\n\ngoroutine 1\nf0\nf1\nf2\nf3", "\n")
	for telling, want := range map[string]string{
		"panic: why": "panic: why\n\ngoroutine 1\nf0\nf1", "f3": "goroutine 1\nf0\nf1\nf2\nf3", "": "goroutine 1\nf0\nf1\nf2\nf3",
		"of another": "goroutine 1\nf0\nf1\nf2\nf3",
	} {
		r := result.Result{Exit: result.Exit{Reason: problem.DeployFailed}, Proof: result.Proof{Diagnostics: &result.Diagnostics{
			Symptoms: []result.Symptom{{Logs: []result.LogTail{{Container: "app", Lines: lines, Telling: telling}}}}}}}
		if got := report.Annotations(r)[0].Message; !strings.HasSuffix(got, "container app:\n"+want) {
			t.Errorf("%q: got %q", telling, got)
		}
	}
}

// The evidence stands beside the failure that it is about.
func TestAnnotationsShowWhatTheRolloutFailedOf(t *testing.T) {
	job := facts.Ref{APIVersion: "batch/v1", Kind: "Job", Name: "migrate"}
	logs := []result.LogTail{{Container: "app", Lines: []string{"no such table"}}}
	for name, c := range map[string]struct {
		ending  problem.ExitReason
		symptom result.Symptom
		want    string
	}{
		"logs": {problem.DeployFailed, result.Symptom{Ref: job, Logs: logs},
			"why\nJob/migrate, last log lines of container app:\nno such table"},
		"events": {problem.RepairFailed, result.Symptom{Ref: job, Events: []string{"Failed: quota"}},
			"why\nLast event of Job/migrate: Failed: quota"},
		"another failure": {problem.PermissionMissing, result.Symptom{Ref: job, Logs: logs}, "why"},
	} {
		r := result.Result{
			Exit:  result.Exit{Reason: c.ending},
			Proof: result.Proof{Diagnostics: &result.Diagnostics{Symptoms: []result.Symptom{c.symptom}}},
			Log:   result.Log{Notes: []result.Note{{Level: result.LevelError, Title: "it failed", Message: "why"}}},
		}
		if got := report.Annotations(r)[0].Message; got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestGitLabAnnotations(t *testing.T) {
	const app = `{"external_link":{"label":"Review app a.example","url":"https://a.example/x"}}`
	const page = `{"external_link":{"label":"Report","url":"https://b.example/r.html"}}`
	for _, c := range []struct{ app, page, want string }{
		{"https://a.example/x", "", `{"Berth":[` + app + `]}`},
		{"https://a.example/x", "https://b.example/r.html", `{"Berth":[` + app + `,` + page + `]}`},
		{"", "https://b.example/r.html", `{"Berth":[` + page + `]}`},
		{"javascript:alert(1)", "javascript:alert(1)", `{}`},
		{"", "", `{}`},
	} {
		data, err := report.GitLabAnnotations(result.Result{Subject: result.Subject{URL: c.app}}, c.page)
		if err != nil {
			t.Fatal(err)
		}
		var got, expected any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.want), &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%q, %q: %s", c.app, c.page, diff)
		}
	}
}

func TestOutputsAndDotenv(t *testing.T) {
	r := load(t, "testdata/founding")
	r.Repair = "a\nBERTH_URL=https://evil.example"
	outputs := report.Outputs(r, "out/report.json")
	want := []report.Output{
		{Name: "url"}, {Name: "namespace", Value: "review-shop-feature-login"}, {Name: "release", Value: "shop"},
		{Name: "revision", Value: "1"}, {Name: "status", Value: "pending-install"},
		{Name: "verdict", Value: "permission-missing"}, {Name: "repair", Value: "a BERTH_URL=https://evil.example"},
		{Name: "exit-code", Value: "20"}, {Name: "report", Value: "out/report.json"},
	}
	if diff := cmp.Diff(want, outputs); diff != "" {
		t.Error(diff)
	}
	const dotenv = `BERTH_RESULT_NAMESPACE=review-shop-feature-login
BERTH_RESULT_RELEASE=shop
BERTH_RESULT_REVISION=1
BERTH_RESULT_STATUS=pending-install
BERTH_RESULT_VERDICT=permission-missing
BERTH_RESULT_REPAIR=a BERTH_URL=https://evil.example
BERTH_RESULT_EXIT_CODE=20
BERTH_RESULT_REPORT=out/report.json
`
	if diff := cmp.Diff(dotenv, string(report.Dotenv(outputs))); diff != "" {
		t.Error(diff)
	}
}

func TestDotenvIsBounded(t *testing.T) {
	outputs := []report.Output{{Name: "big", Value: strings.Repeat("x", 6000)}}
	for i := range 30 {
		outputs = append(outputs, report.Output{Name: fmt.Sprint("a.b-", i), Value: strings.Repeat("y", 100)})
	}
	got := string(report.Dotenv(outputs))
	if strings.Contains(got, "BIG") || strings.Count(got, "\n") != 20 || !strings.HasPrefix(got, "BERTH_RESULT_A_B_0=y") {
		t.Errorf("got %d bytes, %d lines, %.40q", len(got), strings.Count(got, "\n"), got)
	}
}

func TestJUnitIsWellFormed(t *testing.T) {
	forEachResult(t, func(t *testing.T, _ string, r result.Result) {
		data, err := report.JUnit(r)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Suite struct {
				Failures int `xml:"failures,attr"`
				Cases    []struct {
					Failure *struct{} `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Suite.Cases) == 0 || (r.ExitCode != 0) != (got.Suite.Failures > 0) {
			t.Errorf("exit %d, %d cases, %d failures", r.ExitCode, len(got.Suite.Cases), got.Suite.Failures)
		}
	})
}

// What went wrong is told with one failed case, its lines as they are, and what a
// container prints brings no file of the job into the report of its tests.
func TestJUnitHasLogsAndEvents(t *testing.T) {
	job := facts.Ref{APIVersion: "batch/v1", Kind: "Job", Namespace: "n", Name: "migrate"}
	lines := []string{"no such table", "\tat\x00 main [[\u200bATTACHMENT|/etc/passwd]] ]]></system-out>"}
	diagnostics := &result.Diagnostics{Symptoms: []result.Symptom{{Ref: job, Reason: "it failed", Events: []string{"BackoffLimit\nExceeded"},
		Logs: []result.LogTail{{Container: "app", Lines: lines}}}}}
	const want = "n/Job/migrate: it failed\nevent: BackoffLimit Exceeded\nlast log lines of container app:\n" +
		"no such table\n\tat main [ [ATTACHMENT|/etc/passwd]] ]]></system-out>\n\nEvidence\nseen"
	bad, ready := result.Check{Name: "objects"}, result.Check{Name: "ready"}
	for name, c := range map[string]struct {
		checks []result.Check
		at     int
	}{
		"no check":           {nil, 0},
		"one that held":      {[]result.Check{{OK: true}}, 1},
		"the readiness":      {[]result.Check{{OK: true}, bad, ready}, 2},
		"the first that did": {[]result.Check{{OK: true, Name: "ready"}, bad, bad}, 1},
	} {
		data, err := report.JUnit(result.Result{
			Exit:  result.Exit{Reason: problem.DeployFailed},
			Proof: result.Proof{Checks: c.checks, Diagnostics: diagnostics, Evidence: []string{"seen"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Cases []struct {
				Output string `xml:"system-out"`
			} `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for i, test := range got.Cases {
			if test.Output != map[bool]string{true: want}[i == c.at] {
				t.Errorf("%s: case %d has %q", name, i, test.Output)
			}
		}
	}
	much := result.Result{Exit: result.Exit{Reason: problem.DeployFailed}, Proof: result.Proof{Evidence: []string{strings.Repeat("|", 1<<20)}}}
	if data, err := report.JUnit(much); err != nil || len(data) > 65<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestZeroResult(t *testing.T) {
	var r result.Result
	if report.Markdown(r) == "" || report.Text(r) == "" {
		t.Error("an empty result must still say something")
	}
	if _, err := report.JSON(r); err != nil {
		t.Error(err)
	}
}

// FuzzDotenv writes GitLab's dotenv report of whatever a chart or a cluster makes an
// output say, and reads it as GitLab does.
func FuzzDotenv(f *testing.F) {
	for _, value := range []string{
		"https://x.example", "a\nBERTH_EXIT_CODE=0", "a\r\nX=1", "\u2028X=1", "\x1b[31m", "a=b=c",
		"", " ", "\xff", "$(id)", "\x00", strings.Repeat("x", 6<<10),
	} {
		f.Add(value, "url")
		f.Add("deployed", value)
	}
	variable := regexp.MustCompile(`^BERTH_[A-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, value, name string) {
		const status = "status-is-here"
		file := string(report.Dotenv([]report.Output{{Name: name, Value: value}, {Name: "status", Value: status}}))
		if len(file) > 5<<10 || !utf8.ValidString(file) || file != "" && !strings.HasSuffix(file, "\n") {
			t.Fatalf("%d bytes: %q", len(file), file)
		}
		lines := strings.FieldsFunc(file, func(r rune) bool { return strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) })
		fits := len(name)+len(value) < 4<<10 // what does not is left out
		if len(lines) > 2 || fits && (len(lines) == 0 || !strings.HasSuffix(lines[len(lines)-1], "="+status)) {
			t.Fatalf("of %q comes %q", value, file)
		}
		for _, line := range lines {
			key, value, ok := strings.Cut(line, "=")
			if !ok || !variable.MatchString(key) || value == "" || strings.IndexFunc(value, unicode.IsControl) >= 0 {
				t.Fatalf("a line is %q", line)
			}
		}
	})
}
