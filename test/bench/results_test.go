//go:build bench

package bench

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// metric is one of the numbers that a run gives.
type metric string

const (
	wall     metric = "wall"     // ms from start to exit
	before   metric = "before"   // ms from start to the first object applied
	after    metric = "after"    // ms from the last object ready to exit
	verdict  metric = "verdict"  // ms from the moment the failure could be known to exit
	named    metric = "named"    // 1 when the output named the cause
	requests metric = "requests" // to the API server
	traffic  metric = "traffic"  // KiB on the wire
	memory   metric = "memory"   // MiB, the most that was held
	size     metric = "size"     // MiB of the binary
)

// program is the scenario of the binaries themselves.
const program = "program"

// key is where a number belongs.
type key struct {
	scenario, tool string
	metric         metric
}

// results are all the numbers.
type results struct {
	mu     sync.Mutex
	values map[key][]float64
}

func (r *results) add(k key, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		r.values = map[key][]float64{}
	}
	r.values[k] = append(r.values[k], value)
}

// of are the values of a key, the smallest first.
func (r *results) of(k key) []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.values[k]))
}

func (r *results) median(k key) float64 { return median(r.of(k)) }

// most is the largest value of a metric of a tool in any scenario.
func (r *results) most(tool string, m metric) float64 {
	largest := math.NaN()
	for _, s := range scenarios {
		if values := r.of(key{s.String(), tool, m}); len(values) > 0 {
			largest = larger(largest, values[len(values)-1])
		}
	}
	return largest
}

func larger(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return max(a, b)
}

// median of sorted values; not a number when there are none.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// spread is the median and the range, as the document shows them.
func spread(sorted []float64, format func(float64) string) string {
	switch len(sorted) {
	case 0:
		return "–"
	case 1:
		return format(sorted[0])
	}
	return fmt.Sprintf("%s (%s…%s)", format(median(sorted)), format(sorted[0]), format(sorted[len(sorted)-1]))
}

// duration shows milliseconds.
func duration(ms float64) string {
	switch {
	case math.IsNaN(ms):
		return "not measured"
	case math.Abs(ms) < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond).String()
}

func mebibytes(n float64) string { return fmt.Sprintf("%.1f MiB", n) }
func kibibytes(n float64) string { return fmt.Sprintf("%.0f KiB", n) }
func number(n float64) string    { return fmt.Sprintf("%.0f", n) }
