package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// refuseCommandLine reports a command line that cannot be parsed, and returns the
// exit code. v is empty when there is no such verb.
func (p Process) refuseCommandLine(v verb.Verb, err error) int {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.ParseErrorsAllowlist.UnknownFlags = true
	input.Bind(flags, verb.Deploy) // which takes whatever says where to report
	_ = flags.Parse(p.Args)
	return p.conclude(ci.Detect(p.getenv, p.Stderr, p.mask), p.readableOptions(flags), p.wrongInput(v, err))
}

// readableOptions returns, when the inputs are wrong, those that say where to report
// that: output and report-dir.
func (p Process) readableOptions(flags *pflag.FlagSet) *input.Options {
	given := func(name string) string {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return f.Value.String()
		}
		in := input.Find(name)
		if value := p.getenv(in.Env()); value != "" || p.getenv("GITHUB_ACTIONS") != "true" {
			return value
		}
		return cmp.Or(p.getenv(in.ActionEnv()), p.getenv(in.NativeEnv()))
	}
	o := &input.Options{Reporting: input.Reporting{Output: given("output"), ReportDir: given("report-dir")}}
	if chart.CheckLinks(existing(o.ReportDir)) != nil {
		o.ReportDir = ""
	}
	return o
}

// wrongInput returns the result of a run that ended because of its inputs.
func (p Process) wrongInput(v verb.Verb, err error) result.Result {
	next := "See " + docsPages + "inputs.md" + ", which lists what is allowed."
	if input.PlaceOf(p.Environ) == input.ByHand {
		next = "Run berth " + strings.TrimSpace(string(v)+" --help") + ", which lists what is allowed."
	}
	return result.Result{
		Subject: result.Subject{Verb: v},
		Exit: result.Exit{
			Reason: problem.WrongInput, Headline: "Wrong input; nothing was touched.", Cause: err.Error(),
			Next: next,
		},
		Log: result.Log{Started: time.Now(), Notes: []result.Note{{Level: result.LevelError, Title: "wrong input", Message: err.Error()}}},
	}
}

// nothingToDo returns the result of auto where the event asks for nothing.
func nothingToDo(i ci.Intent) result.Result {
	return result.Result{
		Subject: result.Subject{Verb: verb.Auto},
		Exit:    result.Exit{Reason: problem.NothingToDo, Headline: "Nothing to do: " + i.Reason + "."},
		Log:     result.Log{Started: time.Now(), Notes: []result.Note{{Level: result.LevelNotice, Title: "nothing to do", Message: i.Reason}}},
	}
}

// conclude reports how the run ended, wherever people look, and returns the exit code.
func (p Process) conclude(platform ci.Platform, o *input.Options, r result.Result) int {
	_, code := p.publish(platform, o, r)
	return code
}

// publish is conclude, and also returns the result as it was reported, without secrets.
// What cannot be written is a warning: the run has done what it did.
func (p Process) publish(platform ci.Platform, o *input.Options, r result.Result) (reported result.Result, code int) {
	r, code = p.concluded(platform, o, r)
	if err := platform.Publish(r, o.ReportDir); err != nil {
		platform.Warn("The report is not written", err.Error())
	}
	if o.Output != "json" {
		platform.Line(report.Text(r))
		return r, code
	}
	data, err := report.JSON(r)
	if err == nil {
		_, err = p.Stdout.Write(append(data, '\n'))
	}
	if err != nil {
		platform.Warn("The report is not printed", err.Error())
	}
	return r, code
}

// concluded returns a result with its exit code and its origin, without secrets, and the code to
// end with.
func (p Process) concluded(platform ci.Platform, o *input.Options, r result.Result) (reported result.Result, code int) {
	platform.EndPhase()
	r.ExitCode = exitCode(r.Reason)
	code = r.ExitCode
	if slices.Contains(o.SoftFail, code) {
		code = exitOK
		soften(&r)
	}
	tellOrigin(&r, o)
	for i := range r.Notes {
		r.Notes[i].File, r.Notes[i].Line = ci.InWorkspace(p.getenv, r.Notes[i].File, r.Notes[i].Line)
	}
	p.mask.Name(publicNames(r)...)
	return platform.Masked(r), code
}

// tellOrigin says what the run was about in the platform's words. Only a deploy is about
// the commit that the run was started for: others find one that was deployed before.
func tellOrigin(r *result.Result, o *input.Options) {
	r.PullRequest, r.Pages.Run, r.Actor = o.PullRequest, o.RunURL, o.Actor
	if verb.Of(r.Verb).NeedsChart {
		r.Commit = o.SHA
	}
	if r.Commit != "" && o.CommitPages != "" {
		r.Pages.Commit = o.CommitPages + r.Commit
	}
	if r.PullRequest != 0 && o.PullPages != "" {
		r.Pages.PullRequest = o.PullPages + strconv.Itoa(r.PullRequest)
	}
}

// publicNames returns the names in a result. None of them is a secret, even where a
// Secret holds the same text: its namespace, a host, a branch.
func publicNames(r result.Result) []string {
	names := []string{r.App, r.Branch, r.Namespace, r.Release, r.URL, r.User, r.Chart, r.Commit}
	for _, o := range r.Objects {
		names = append(names, o.Kind, o.Namespace, o.Name)
	}
	return names
}

// soften turns the notes that would fail the step into warnings.
func soften(r *result.Result) {
	r.Softened = true
	for i := range r.Notes {
		if r.Notes[i].Level == result.LevelError {
			r.Notes[i].Level = result.LevelWarning
			r.Notes[i].Title = strings.TrimSuffix(r.Notes[i].Title, ".") + fmt.Sprintf(" (exit code %d, softened by soft-fail)", r.ExitCode)
		}
	}
}
