package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// conclude says how the run ended, where people look, and gives the exit code.
func (p Process) conclude(platform ci.Platform, o *input.Options, r result.Result) int {
	if o == nil {
		o = &input.Options{}
	}
	r.ExitCode = exitCode(r.Reason)
	code := r.ExitCode
	if slices.Contains(o.SoftFail, code) {
		code = exitOK
		soften(&r)
	}
	if err := platform.Publish(r, o.ReportDir); err != nil {
		platform.Line(fmt.Sprintf("berth: %v", err))
		code = max(code, exitInternal)
	}
	if o.Output != "json" {
		platform.Line(report.Text(r))
		return code
	}
	data, err := report.JSON(r)
	if err != nil {
		fmt.Fprintf(p.Stderr, "berth: write the report: %v\n", err)
		return exitInternal
	}
	_, _ = p.Stdout.Write(append(platform.Redact(data), '\n'))
	return code
}

// soften turns what would fail the step into warnings.
func soften(r *result.Result) {
	for i := range r.Notes {
		if r.Notes[i].Level == result.LevelError {
			r.Notes[i].Level = result.LevelWarning
			r.Notes[i].Title += fmt.Sprintf(" (exit code %d, softened by soft-fail)", r.ExitCode)
		}
	}
}

// wrongInput is the result of a run that stopped at its inputs.
func wrongInput(v verb.Verb, err error) result.Result {
	return result.Result{
		Subject: result.Subject{Verb: v},
		Exit:    result.Exit{Reason: problem.WrongInput, Headline: "Wrong input; nothing was touched.", Cause: err.Error(), Next: "Run berth " + strings.TrimSpace(string(v)+" --help") + ", which lists what is allowed."},
		Log:     result.Log{Started: time.Now(), Notes: []result.Note{{Level: result.LevelError, Title: "wrong input", Message: err.Error()}}},
	}
}

func nothingToDo(i ci.Intent) result.Result {
	return result.Result{
		Subject: result.Subject{Verb: verb.Auto},
		Exit:    result.Exit{Reason: problem.NothingToDo, Headline: "Nothing to do: " + i.Reason + "."},
		Log:     result.Log{Started: time.Now(), Notes: []result.Note{{Level: result.LevelNotice, Title: "nothing to do", Message: i.Reason}}},
	}
}
