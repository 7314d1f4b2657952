package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/verdict"
)

// conclude says how the run ended, where people look, and gives the exit code.
func (p Process) conclude(platform ci.Platform, o *input.Options, r verdict.Result) int {
	if o == nil {
		o = &input.Options{}
	}
	r.ExitCode = exitCode(r.Ending)
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
func soften(r *verdict.Result) {
	for i := range r.Notes {
		if r.Notes[i].Level == verdict.LevelError {
			r.Notes[i].Level = verdict.LevelWarning
			r.Notes[i].Title += fmt.Sprintf(" (exit code %d, softened by soft-fail)", r.ExitCode)
		}
	}
}

// wrongInput is the result of a run that stopped at its inputs.
func wrongInput(verb string, err error) verdict.Result {
	return verdict.Result{
		Verb: verb, Ending: verdict.EndWrongInput, Started: time.Now(),
		Headline: "Wrong input; nothing was touched.", Cause: err.Error(),
		Next:  "berth " + strings.TrimSpace(verb+" --help") + " lists what is allowed.",
		Notes: []verdict.Note{{Level: verdict.LevelError, Title: "wrong input", Message: err.Error()}},
	}
}

func nothingToDo(i ci.Intent) verdict.Result {
	return verdict.Result{
		Verb: input.Auto, Ending: verdict.EndNothingToDo, Started: time.Now(),
		Headline: "Nothing to do: " + i.Reason + ".",
		Notes:    []verdict.Note{{Level: verdict.LevelNotice, Title: "nothing to do", Message: i.Reason}},
	}
}
