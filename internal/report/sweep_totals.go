package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// SweepTotalsKey is the key of a ConfigMap under which sweeps count what they did.
const SweepTotalsKey = "totals.json"

// sweepTotalsSchema is the version of what stands there.
const sweepTotalsSchema = "berth.dev/sweep-totals/v1"

// maxTotals is how long it may be. It is some hundred bytes.
const maxTotals = 4096

// mostCounted is more than anybody counts, and no more than a float64 has whole.
const mostCounted = 1 << 53

// sweepTotals is the form in which totals are stored. Whoever may write the ConfigMap writes them.
type sweepTotals struct {
	Schema      string                    `json:"schema"`
	Sweeps      map[result.SweepEnd]int64 `json:"sweeps"`
	Deleted     int64                     `json:"deleted"`
	Failed      int64                     `json:"failed"`
	LastRun     time.Time                 `json:"lastRun,omitzero"`
	LastSuccess time.Time                 `json:"lastSuccess,omitzero"`
}

// SweepTotalsJSON returns totals in the form in which they are stored.
func SweepTotalsJSON(t result.SweepTotals) (string, error) {
	data, err := json.Marshal(sweepTotals{sweepTotalsSchema, t.Ends, t.Deleted, t.Failed, t.LastRun.UTC(), t.LastSuccess.UTC()})
	if err != nil {
		return "", fmt.Errorf("encode the totals of the sweeps: %w; please report this as a bug", err)
	}
	return string(data), nil
}

// ReadSweepTotals reads what SweepTotalsJSON has written. Anything else is an error.
func ReadSweepTotals(data string) (result.SweepTotals, error) {
	if len(data) > maxTotals {
		return result.SweepTotals{}, fmt.Errorf("it is longer than %d bytes", maxTotals)
	}
	var t sweepTotals
	d := json.NewDecoder(strings.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return result.SweepTotals{}, fmt.Errorf("it is not what a sweep writes: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return result.SweepTotals{}, errors.New("something follows what a sweep writes")
	}
	if t.Schema != sweepTotalsSchema {
		return result.SweepTotals{}, fmt.Errorf("it is of another version than %s", sweepTotalsSchema)
	}
	counts := []int64{t.Deleted, t.Failed}
	for end, n := range t.Sweeps {
		if !slices.Contains(result.SweepEnds, end) {
			return result.SweepTotals{}, errors.New("it counts sweeps by an end that there is not")
		}
		counts = append(counts, n)
	}
	for _, n := range counts {
		if n < 0 || n > mostCounted {
			return result.SweepTotals{}, errors.New("it has a number that is no count")
		}
	}
	return result.SweepTotals{Ends: t.Sweeps, Deleted: t.Deleted, Failed: t.Failed, LastRun: t.LastRun, LastSuccess: t.LastSuccess}, nil
}
