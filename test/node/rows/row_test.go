//go:build node

package rows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// row is one scenario of the table: what is deployed, and how Berth has to end.
type row struct {
	ID       string // N07
	Scenario string
	End      string // what is expected, in words
	// Exit is how the runs of Berth end, one item for each, separated by commas.
	Exit string
	// Within bounds the last run, by the moment that it is counted from.
	Within time.Duration
	Since  moment
	// Says are words of the last run's report: what is wrong, and the container's
	// own line.
	Says []string

	Flags []string      // of every run
	Long  time.Duration // about what it takes; those that take longest begin
	Full  bool          // only run with FULL=1
	Alone bool          // stops the kubelet, so that no other row may run
	Kills bool          // kills a run, and so waits until its lock counts as left

	// chart is what is deployed, once, unless play says otherwise.
	chart []object
	plays func(s *scenario)
}

// moment is what a bound counts from.
type moment string

const (
	start     moment = ""
	ready     moment = "after it was ready"
	refused   moment = "after the kubelet could not start it"
	jobFailed moment = "after the Job failed"
)

// exits are the expected ends of the runs.
func (r row) exits() []string { return strings.Split(r.Exit, ", ") }

// bound is the bound on the time, in words.
func (r row) bound() string {
	if r.Within == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("≤ %d s %s", int(r.Within.Seconds()), r.Since))
}

// TestRowsAreWhole fails when two rows have one name, when a row cannot fail, or
// when the document does not show the rows as they are.
func TestRowsAreWhole(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range table {
		if ids[r.ID] {
			t.Errorf("there are two rows %s", r.ID)
		}
		ids[r.ID] = true
		if (r.chart == nil) == (r.plays == nil) {
			t.Errorf("row %s has to have either a chart or a play", r.ID)
		}
		if failed := slices.Contains(r.exits(), "23"); failed && len(r.Says) == 0 && r.plays == nil {
			t.Errorf("row %s fails, and does not say what its report has to hold", r.ID)
		}
	}
	if *update {
		return
	}
	has := documented(t)
	for _, r := range table {
		if line := expectation(r); !slices.Contains(has, line) {
			t.Errorf("%s lacks this row; run `make node-docs`: %s", document, line)
		}
	}
	if len(has) != len(table) {
		t.Errorf("%s shows %d rows, there are %d; run `make node-docs`", document, len(has), len(table))
	}
}
