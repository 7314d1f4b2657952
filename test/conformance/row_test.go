//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"testing"
)

// row is one case of the matrix: a setup or fault, what is done, and the one
// outcome that is expected.
type row struct {
	ID     string // T39
	Setup  string
	Action string
	End    string // what is stored and runs at the end
	// Exit is how the last runs of Berth end, one item for each, separated by
	// commas: "24, 0 + warning". The fixture compares the runs with it.
	Exit string

	// Pending is the status in which the row leaves the record on purpose. Helm
	// cannot upgrade that, so a deploy has to heal it first, as a user's would.
	Pending string
	Gone    bool   // no release is left
	Real    bool   // with the real durations, unshortened
	Slow    bool   // takes more than half a minute
	NotRun  string // why it is not run
	// InProcess rows run no process of Berth in their own fixture: they call the room that answers
	// for them, and say themselves what was seen.
	InProcess bool

	run func(s *fixture)
}

// exits are the expected ends of the last runs.
func (r row) exits() []string {
	if r.InProcess {
		return nil
	}
	return strings.Split(r.Exit, ", ")
}

// TestRowsAreWhole fails when a row of the specification is missing, or when
// the document does not show the rows as they are.
func TestRowsAreWhole(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range matrix {
		if ids[r.ID] {
			t.Errorf("there are two rows %s", r.ID)
		}
		ids[r.ID] = true
		if (r.run == nil) != (r.NotRun != "") {
			t.Errorf("row %s is to be run, or to say why it is not", r.ID)
		}
	}
	var missing []string
	for _, id := range specified() {
		if !ids[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		t.Errorf("missing are %s", strings.Join(missing, ", "))
	}
	if *update {
		return
	}
	for _, d := range documents {
		has, rows := d.documented(t), d.rows()
		for _, r := range rows {
			if line := expectation(r); !slices.Contains(has, line) {
				t.Errorf("%s lacks this row; run `make conformance-docs`: %s", d.path, line)
			}
		}
		if len(has) != len(rows) {
			t.Errorf("%s shows %d rows, there are %d; run `make conformance-docs`", d.path, len(has), len(rows))
		}
	}
}
