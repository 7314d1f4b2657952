package ci

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

func failedResult() result.Result {
	return result.Result{
		Subject: result.Subject{Verb: "deploy", Namespace: "review-x", Release: "web", Revision: 2, Status: facts.StatusFailed,
			URL: "https://x.example"},
		Exit: result.Exit{Reason: problem.DeployFailed, ExitCode: 23, Headline: "web could not be deployed",
			Cause: "100% of\r\n::error::pods, failed"},
		Log: result.Log{Notes: []result.Note{
			{Level: result.LevelError, Title: "a, b: c\n::error::d", Message: "50%\n::set-output name=url::evil"},
			{Level: result.LevelWarning, Message: "no title"},
		}},
	}
}

// onGitHub is a GitHub platform with file variables in a temporary folder and
// tokens that can be foretold.
func onGitHub(t *testing.T, out *bytes.Buffer) (*gitHub, env) {
	t.Helper()
	dir := t.TempDir()
	e := env{
		"GITHUB_ACTIONS":      "true",
		"GITHUB_OUTPUT":       filepath.Join(dir, "output"),
		"GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"),
	}
	g := newGitHub(e.get, newPrinter(out, secrets.New()))
	count := 0
	g.token = func() string { count++; return fmt.Sprintf("token%d", count) }
	return g, e
}

func TestGitHubLineStopsCommands(t *testing.T) {
	for in, want := range map[string]string{
		"web is ready\n":           "web is ready\n",
		"::error::pwned":           "::stop-commands::token1\n::error::pwned\n::token1::\n",
		"x ##[add-path]/evil":      "::stop-commands::token1\nx ##[add-path]/evil\n::token1::\n",
		"a\r::set-output name=x::": "::stop-commands::token1\na\n::set-output name=x::\n::token1::\n",
		":\x1b[0m:error::hidden":   "::stop-commands::token1\n::error::hidden\n::token1::\n",
		"a\n \t::error::x":         "::stop-commands::token1\na\n \t::error::x\n::token1::\n",
		"\u00a0\u3000::error::x":   "::stop-commands::token1\n\u00a0\u3000::error::x\n::token1::\n",
		"\u200b::error::x":         "::stop-commands::token1\n::error::x\n::token1::\n",
		"é::error::x":              "::stop-commands::token1\né::error::x\n::token1::\n", // the runner may take it for a space
		"std::vector, [::1]:80":    "std::vector, [::1]:80\n",
		"a ::error::x":             "a ::error::x\n",
	} {
		var out bytes.Buffer
		g, _ := onGitHub(t, &out)
		g.Line(in)
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestGitHubTokensCannotBeForetold(t *testing.T) {
	g := newGitHub(env{}.get, newPrinter(&bytes.Buffer{}, nil))
	if a, b := g.token(), g.token(); a == b || len(a) < 26 {
		t.Errorf("%q, %q", a, b)
	}
}

func TestGitHubMask(t *testing.T) {
	var out bytes.Buffer
	g, _ := onGitHub(t, &out)
	g.Mask("first-line\nsecond%line\n\n")
	g.Mask("")
	want := "::add-mask::first-line\n::add-mask::second%25line\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestGitHubPublish(t *testing.T) {
	var out bytes.Buffer
	g, e := onGitHub(t, &out)
	dir := filepath.Join(t.TempDir(), "reports")
	r := failedResult()
	if err := g.Publish(r, dir); err != nil {
		t.Fatal(err)
	}
	want := "::error title=a%2C b%3A c %3A%3Aerror%3A%3Ad::50%25%0A::set-output name=url::evil\n" +
		"::warning::no title\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(report.Markdown(r), read(t, e["GITHUB_STEP_SUMMARY"])); diff != "" {
		t.Error(diff)
	}
	outputs := parseOutputs(t, read(t, e["GITHUB_OUTPUT"]))
	for name, want := range map[string]string{
		"url": "https://x.example", "exit-code": "23", "repair": "", "report": filepath.Join(dir, "report.json"),
	} {
		if got, ok := outputs[name]; !ok || got != want {
			t.Errorf("output %s: got %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"junit.xml", "report.html", "report.json", "report.md"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// The place of an annotation can be neither left nor made into another command.
func TestGitHubAnnotatesAFile(t *testing.T) {
	const hostile = "a\n::set-env name=x::y"
	for want, note := range map[string]result.Note{
		"::error file=chart/values.yaml,line=7,title=t::m\n": {Level: result.LevelError, Title: "t", Message: "m",
			File: "chart/values.yaml", Line: 7},
		"::warning file=a%2C b%3A%3A.yaml::m\n": {Level: result.LevelWarning, Message: "m", File: "a, b::.yaml"},
		"::error file=a%0A%3A%3Aset-env name=x%3A%3Ay,line=1,title=t::m\n": {Level: result.LevelError, Title: "t", Message: "m",
			File: hostile, Line: 1},
	} {
		var out bytes.Buffer
		g, _ := onGitHub(t, &out)
		g.annotate(note)
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}

func TestGitHubOutputDelimiterCollision(t *testing.T) {
	var out bytes.Buffer
	g, e := onGitHub(t, &out)
	value := "x\ntoken1\nurl<<token2\nhttps://evil.example\ntoken2"
	if err := g.appendOutputs([]report.Output{{Name: "status", Value: value}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"status": value}, parseOutputs(t, read(t, e["GITHUB_OUTPUT"]))); diff != "" {
		t.Error(diff)
	}
}

func TestGitHubWithoutItsFiles(t *testing.T) {
	for name, spoil := range map[string]func(e env){
		"not set":   func(e env) { delete(e, "GITHUB_OUTPUT"); delete(e, "GITHUB_STEP_SUMMARY") },
		"no folder": func(e env) { e["GITHUB_OUTPUT"] += "/x"; e["GITHUB_STEP_SUMMARY"] = "/nowhere/summary" },
		"a folder":  func(e env) { e["GITHUB_OUTPUT"] = os.TempDir(); e["GITHUB_STEP_SUMMARY"] = os.TempDir() },
		"no space":  func(e env) { e["GITHUB_OUTPUT"], e["GITHUB_STEP_SUMMARY"] = "/dev/full", "/dev/full" },
		"a pipe": func(e env) {
			e["GITHUB_OUTPUT"] += ".pipe"
			e["GITHUB_STEP_SUMMARY"] = e["GITHUB_OUTPUT"]
			_ = syscall.Mkfifo(e["GITHUB_OUTPUT"], 0o600)
		},
		"empty name": func(e env) { e["GITHUB_OUTPUT"] = ""; e["GITHUB_STEP_SUMMARY"] = "" },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			g, e := onGitHub(t, &out)
			if err := os.WriteFile(e["GITHUB_OUTPUT"], nil, 0o600); err != nil {
				t.Fatal(err)
			}
			spoil(e)
			if err := g.Publish(failedResult(), ""); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"::warning title=The job summary is not shown::", "::warning title=The outputs are not set::"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, &out)
				}
			}
		})
	}
}

func TestGitHubSummaryStaysUnderTheLimit(t *testing.T) {
	var out bytes.Buffer
	g, e := onGitHub(t, &out)
	earlier := bytes.Repeat([]byte("x"), maxSummary-10)
	if err := os.WriteFile(e["GITHUB_STEP_SUMMARY"], earlier, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Publish(failedResult(), ""); err != nil {
		t.Fatal(err)
	}
	if got := len(read(t, e["GITHUB_STEP_SUMMARY"])); got != len(earlier) {
		t.Errorf("%d bytes", got)
	}
	if !strings.Contains(out.String(), "The job summary is not shown") {
		t.Errorf("not said:\n%s", &out)
	}
}

func TestGitHubReportFolderThatCannotBeWritten(t *testing.T) {
	var out bytes.Buffer
	g, e := onGitHub(t, &out)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Publish(failedResult(), file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if got := parseOutputs(t, read(t, e["GITHUB_OUTPUT"])); got["report"] != "" || got["exit-code"] != "23" {
		t.Errorf("got %v", got)
	}
}

func TestGitLabLinesAndFiles(t *testing.T) {
	var out bytes.Buffer
	g := &gitLab{getenv: env{}.get, printer: newPrinter(&out, nil)}
	g.Line("roll\x1b[0Kout\r\x1b[0Ksection_end:1:x")
	want := "rollout\nsection_end:1:x\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	dir := t.TempDir()
	if err := g.Publish(failedResult(), dir); err != nil {
		t.Fatal(err)
	}
	files := []string{"annotations.json", "berth.env", "junit.xml", "report.html", "report.json", "report.md"}
	if diff := cmp.Diff(files, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	if dotenv := read(t, filepath.Join(dir, "berth.env")); !strings.Contains(dotenv, "BERTH_RESULT_EXIT_CODE=23\n") {
		t.Errorf("got %q", dotenv)
	}
}

// The job's page links to the report where the job's artifacts can have it.
func TestGitLabReportPage(t *testing.T) {
	const job = "https://gitlab.example/acme/shop/-/jobs/7"
	project := t.TempDir()
	t.Chdir(project)
	for _, c := range []struct{ job, dir, want string }{
		{job, "berth-report/review", job + "/artifacts/file/berth-report/review/report.html"},
		{job, filepath.Join(project, "out"), job + "/artifacts/file/out/report.html"},
		{job, "a b?#%", job + "/artifacts/file/a%20b%3F%23%25/report.html"},
		{"https://u:p@gitlab.example/-/jobs/7", ".", "https://gitlab.example/-/jobs/7/artifacts/file/report.html"},
		{job, "/tmp/out", ""}, {job, "../out", ""}, {job, "", ""}, {"", "out", ""},
	} {
		g := &gitLab{getenv: env{"CI_JOB_URL": c.job, "CI_PROJECT_DIR": project}.get}
		if got := g.reportPage(c.dir, filePage); got != c.want {
			t.Errorf("%q of %q: got %q, want %q", c.dir, c.job, got, c.want)
		}
	}
	g := &gitLab{getenv: env{"CI_JOB_URL": job}.get}
	if got := g.reportPage("out", filePage); got != "" {
		t.Errorf("of no project: got %q", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// parseOutputs reads GITHUB_OUTPUT as the runner does.
func parseOutputs(t *testing.T, file string) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	for len(lines) > 0 {
		name, delimiter, ok := strings.Cut(lines[0], "<<")
		if !ok {
			t.Fatalf("not an output: %q", lines[0])
		}
		var value []string
		for lines = lines[1:]; len(lines) > 0 && lines[0] != delimiter; lines = lines[1:] {
			value = append(value, lines[0])
		}
		if len(lines) == 0 {
			t.Fatalf("output %s is not closed", name)
		}
		lines = lines[1:]
		outputs[name] = strings.Join(value, "\n")
	}
	return outputs
}

// FuzzGitHubOutputs writes the outputs whatever they say, and reads them as the runner
// does.
func FuzzGitHubOutputs(f *testing.F) {
	for _, value := range []string{
		"", "https://x.example", "a\nurl<<x\nevil\nx", "token1", "\ntoken1\n", "token1\ntoken2\ntoken3",
		"\r\n", "::error::x", "\xff\x00", "x<<token1",
	} {
		f.Add(value, "status")
		f.Add("deployed", value)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		if len(one)+len(two) > maxSummary/2 {
			t.Skip("GitHub takes no more")
		}
		var out bytes.Buffer
		g, e := onGitHub(t, &out)
		want := map[string]string{"url": one, "status": two}
		if err := g.appendOutputs([]report.Output{{Name: "url", Value: one}, {Name: "status", Value: two}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, parseOutputs(t, read(t, e["GITHUB_OUTPUT"]))); diff != "" {
			t.Fatal(diff)
		}
		// And as it is called, each is on one line.
		r := failedResult()
		r.URL, r.Namespace = one, two
		for _, o := range report.Outputs(r, two) {
			if strings.ContainsAny(o.Value, "\r\n") {
				t.Fatalf("%s is %q", o.Name, o.Value)
			}
		}
	})
}

// Other runners look for commands of their own.
func TestLocalLineIsNoCommand(t *testing.T) {
	var out bytes.Buffer
	l := local{newPrinter(&out, nil)}
	l.Line("x ##vso[task.prependpath]/evil ###[error] ##\x1b[0mteamcity[setParameter] ## Title")
	if want := "x # #vso[task.prependpath]/evil ## #[error] # #teamcity[setParameter] ## Title\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}
