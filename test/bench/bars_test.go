//go:build bench

package bench

import (
	"fmt"
	"math"
	"time"
)

// bar is what Berth has to reach.
type bar struct {
	what     string
	measured float64
	limit    float64
	format   func(float64) string
	note     string // what the measured number is made of
}

// result is whether it does.
func (b bar) result() string {
	switch {
	case math.IsNaN(b.measured) || math.IsNaN(b.limit):
		return "not measured"
	case b.measured <= b.limit:
		return "met"
	}
	return "**NOT MET**"
}

// bars are what this project promises about its speed.
func (b *bench) bars() (bars []bar) {
	for _, s := range scenarios {
		switch {
		case s.bare:
			bars = append(bars, b.settling(s))
		case s.verb != noop && s.copies == 1:
			bars = append(bars, b.overheads(s)...)
		}
	}
	for _, s := range scenarios {
		if s.verb == noop || s.delay > 0 || s.bare {
			continue
		}
		switch s.copies {
		case 1:
			bars = append(bars, b.ratio(s, helm3, 0.25), b.ratio(s, helm4, 0.8))
		case 100:
			bars = append(bars, b.ratio(s, helm4, 0.5))
		}
	}
	for _, f := range failures {
		took := b.results.of(key{f.name, berth, verdict})
		slowest := math.NaN()
		if len(took) > 0 {
			slowest = took[len(took)-1]
		}
		bars = append(bars, bar{
			what:     fmt.Sprintf("%s: verdict ≤ %s after %s", f.name, f.bar, f.moment),
			measured: slowest, limit: milliseconds(f.bar), format: duration, note: "the slowest run",
		})
	}
	return append(bars, b.sizes()...)
}

// overheads are what a deploy adds to what the cluster takes.
func (b *bench) overheads(s scenario) []bar {
	helm := b.results.median(key{s.String(), helm4, before})
	return []bar{
		{
			what: s.String() + ": after readiness ≤ 100 ms", measured: b.results.median(key{s.String(), berth, after}),
			limit: milliseconds(100 * time.Millisecond), format: duration, note: "median",
		},
		{
			what:     s.String() + ": before the first object ≤ Helm 4's",
			measured: b.results.median(key{s.String(), berth, before}), limit: helm, format: duration,
			note: fmt.Sprintf("median; Helm 4: %s", duration(helm)),
		},
	}
}

// settling is what it costs to watch containers without a readiness probe: that time
// when they are new, and next to nothing when they have run for long.
func (b *bench) settling(s scenario) bar {
	limit, what := 3*time.Second+500*time.Millisecond, "after readiness ≤ 3.5 s"
	measured := b.results.median(key{s.String(), berth, after})
	if s.verb == noop {
		probed := s
		probed.bare = false
		limit, what = 500*time.Millisecond, "wall time ≤ 500 ms more than with a probe"
		measured = b.results.median(key{s.String(), berth, wall}) - b.results.median(key{probed.String(), berth, wall})
	}
	return bar{what: s.String() + ": " + what, measured: measured, limit: milliseconds(limit), format: duration, note: "median"}
}

// ratio compares the time of whole deploys with a Helm's.
func (b *bench) ratio(s scenario, helm string, limit float64) bar {
	ours, theirs := b.results.median(key{s.String(), berth, wall}), b.results.median(key{s.String(), helm, wall})
	return bar{
		what:     fmt.Sprintf("%s: wall time ≤ %g × %s", s, limit, helm),
		measured: ours / theirs, limit: limit, format: times,
		note: fmt.Sprintf("medians, %s and %s", duration(ours), duration(theirs)),
	}
}

// sizes compare what is not a time of a deploy.
func (b *bench) sizes() []bar {
	memory4, size4 := b.results.most(helm4, memory), b.results.median(key{program, helm4, size})
	return []bar{
		{
			what: "peak memory ≤ Helm 4's", measured: b.results.most(berth, memory), limit: memory4,
			format: mebibytes, note: "the most in any deploy; Helm 4: " + mebibytes(memory4),
		},
		{
			what: "binary ≤ Helm 4's", measured: b.results.median(key{program, berth, size}), limit: size4,
			format: mebibytes, note: "Helm 4: " + mebibytes(size4),
		},
		{
			what: "`berth version` ≤ 30 ms", measured: b.results.median(key{program, berth, wall}),
			limit: milliseconds(30 * time.Millisecond), format: duration,
			note: fmt.Sprintf("median; %s: %s", library, duration(b.results.median(key{program, library, wall}))),
		},
	}
}

func times(ratio float64) string { return fmt.Sprintf("%.2f ×", ratio) }
