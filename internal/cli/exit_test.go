package cli

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// endings is every way a run can end, with the code that the contract gives it.
var endings = map[problem.ExitReason]int{
	problem.Consistent: 0, problem.NothingToDo: 0, problem.Internal: 1, problem.PermissionMissing: 20,
	problem.LiveOperation: 21, problem.LivenessUnknown: 22, problem.DeployFailed: 23, problem.Inconsistent: 24,
	problem.RepairFailed: 25, problem.Unanswered: 26, problem.Foreign: 27, problem.NamespaceTerminating: 28,
	problem.RecordUnreadable: 29, problem.ChartInvalid: 30, problem.ProbeFailed: 31, problem.SweepIncomplete: 32,
	problem.NotFound: 33, problem.WrongInput: 64, problem.Interrupted: 130, problem.Terminated: 143,
	problem.HungUp: 129,
}

func TestExitCodes(t *testing.T) {
	for ending, want := range endings {
		if got := exitCode(ending); got != want {
			t.Errorf("%s ends with %d, want %d", ending, got, want)
		}
	}
	if got := exitCode("something new"); got != exitInternal {
		t.Errorf("an unknown ending ends with %d", got)
	}
}

func TestExitCodesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[int]bool{}
	for _, row := range regexp.MustCompile(`\b\d+\b`).FindAllString(string(page), -1) {
		code, _ := strconv.Atoi(row)
		documented[code] = true
	}
	for ending, code := range endings {
		if !documented[code] {
			t.Errorf("docs/exit-codes.md lacks %d (%s)", code, ending)
		}
	}
}
