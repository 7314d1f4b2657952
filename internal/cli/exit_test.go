package cli

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/berth-dev/berth/internal/verdict"
)

// endings is every way a run can end, with the code that the contract gives it.
var endings = map[verdict.Ending]int{
	verdict.EndConsistent: 0, verdict.EndNothingToDo: 0, verdict.EndInternal: 1, verdict.EndPermission: 20,
	verdict.EndLive: 21, verdict.EndUnknownHolder: 22, verdict.EndDeployFailed: 23, verdict.EndInconsistent: 24,
	verdict.EndRepairFailed: 25, verdict.EndUnanswered: 26, verdict.EndForeign: 27, verdict.EndTerminating: 28,
	verdict.EndUnreadable: 29, verdict.EndChart: 30, verdict.EndProbe: 31, verdict.EndSweep: 32,
	verdict.EndNotFound: 33, verdict.EndWrongInput: 64, verdict.EndInterrupted: 130, verdict.EndTerminated: 143,
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
