//go:build bench

package scale

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rounds is how often what takes a moment is measured.
const rounds = 3

// looped is how many apps a shell asks for, one after the other. It is scaled to all.
const looped = 100

// reading is what a program took that looks at all apps.
type reading struct {
	took   time.Duration
	over   int64 // KiB, beyond what its own version takes
	wire   int64 // bytes for each app
	scaled bool  // from fewer apps
}

func (r reading) String() string {
	switch {
	case r == (reading{}):
		return "–"
	case r.scaled:
		return seconds(r.took)
	}
	return fmt.Sprintf("%s, %d MiB, %.2f KB", seconds(r.took), r.over>>10, float64(r.wire)/1000)
}

// columns are what looks at all apps.
var columns = []string{
	"`berth list`", "JSON", "HTML", "`sweep --dry-run`", "`helm list -A`, Helm 3", "Helm 4", "a shell, `helm status` of each",
}

// TestLists measures what looks at all apps, and what is done to one among them, with each number
// of apps.
func TestLists(t *testing.T) {
	p := connect(t)
	o := newOrchard(t, p)
	wire := newRelay(t, p.config.Host)
	through := wire.kubeconfig(t, p.kubeconfig)
	var all []sized
	verbsToo := *revisions == 1
	if verbsToo {
		o.grow(t, few)
		all = append(all, sized{apps: few, verbs: measureVerbs(t, p, few)})
	}
	gone := 0
	for _, n := range sizes(t) {
		o.grow(t, n)
		s := sized{apps: n, readings: map[string]reading{}}
		s.lists(t, wire, through, n-gone, n/10-gone)
		if verbsToo {
			s.verbs = measureVerbs(t, p, n)
		}
		if *shared {
			s.swept = sweepSome(t, p)
			gone += sweptAtOnce
		}
		all = append(all, s)
	}
	write(t, describe(all))
}

// sized are the results with one number of apps.
type sized struct {
	apps     int
	readings map[string]reading
	verbs    map[string]performance
	swept    time.Duration // of some of them, in the shared namespace
}

// lists measures what looks at all apps, of which some have expired.
func (s *sized) lists(t *testing.T, wire *relay, through string, want, old int) {
	t.Helper()
	about := []string{"--repository", repository}
	s.reads(t, wire, through, columns[0], want, "✓ deployed", append([]string{"list"}, about...)...)
	s.reads(t, wire, through, columns[1], want, `"state": "deployed"`, append([]string{"list", "--output", "json"}, about...)...)
	s.reads(t, wire, through, columns[2], want, `"rev":`, append([]string{"list", "--output", "html"}, about...)...)
	s.reads(t, wire, through, columns[3], old, `"reason": "expired"`, append(sweepOf(want), "--dry-run")...)
	for column, helm := range map[string]string{columns[4]: helm3, columns[5]: helm4} {
		start := run(t, through, helm, "version").PeakKiB
		wire.take()
		l := run(t, through, helm, "list", "--all-namespaces", "--max", "0")
		s.readings[column] = reading{took: l.took(), over: l.PeakKiB - start, wire: wire.take() / int64(want)}
	}
	some := min(looped, want)
	script := `while read -r namespace release; do "$0" status "$release" --namespace "$namespace" >/dev/null || exit 1; done <"$1"`
	l := run(t, through, "sh", "-c", script, helm3, listOf(t, some))
	wire.take()
	s.readings[columns[6]] = reading{took: l.took() * time.Duration(want) / time.Duration(some), scaled: true}
}

// reads runs Berth a few times, keeps what the run of the median time took, and counts in its output what
// stands there once for each app that is meant. An app in doubt is none of a real fleet.
func (s *sized) reads(t *testing.T, wire *relay, through, column string, want int, mark string, args ...string) {
	t.Helper()
	start := run(t, through, berth, "version").PeakKiB
	wire.take()
	var laps []lap
	var bytes, peak int64
	for range rounds {
		l := run(t, through, berth, args...)
		if got := strings.Count(l.stdout, mark); got < want-1 || got > want+1 {
			t.Errorf("berth %v: %d apps, want %d\n%s", args, got, want, tail(l.stdout))
		}
		if doubt := strings.Count(l.stdout, `"doubt":`); doubt > 0 {
			t.Errorf("berth %v: %d apps in doubt", args, doubt)
		}
		bytes, peak = wire.take(), max(peak, l.PeakKiB)
		laps = append(laps, l)
	}
	s.readings[column] = reading{took: middle(laps).took(), over: peak - start, wire: bytes / int64(s.apps)}
}

// listOf writes namespaces and releases of some apps into a file, a line for each. A sweep before may have taken down
// those that have expired.
func listOf(t *testing.T, apps int) string {
	t.Helper()
	var lines strings.Builder
	for i := 0; apps > 0; i++ {
		if hasExpired(i) {
			continue
		}
		a := appOf(i)
		fmt.Fprintf(&lines, "%s %s\n", a.namespace, a.release)
		apps--
	}
	path := filepath.Join(t.TempDir(), "apps")
	must(t, os.WriteFile(path, []byte(lines.String()), 0o600))
	return path
}

// sweptAtOnce is how many of the expired apps of a shared namespace are taken down.
const sweptAtOnce = 20

// sweepSome takes some of the expired apps down, and returns how long that took.
func sweepSome(t *testing.T, p plane) time.Duration {
	t.Helper()
	l := try(t, p.kubeconfig, berth, sweepOf(sweptAtOnce)...) // whose exit code says that more are to go
	if went := went(t, l); went != sweptAtOnce {
		t.Errorf("the sweep took %d apps down, want %d: %s", went, sweptAtOnce, tail(l.stdout))
	}
	return l.took()
}

// sweepOf returns the arguments of a sweep that takes at most so many apps. What stands on records of a
// namespace that Berth has not made counts where that is named.
func sweepOf(most int) []string {
	args := []string{"sweep", "--repository", repository, "--yes-many", "--max-deletions", fmt.Sprint(most), "--output", "json"}
	if *shared {
		args = append(args, "--namespace", sharedNamespace)
	}
	return args
}

// went returns how many apps a sweep took down.
func went(t *testing.T, l lap) int {
	t.Helper()
	var report struct{ Counts struct{ Went int } }
	must(t, json.Unmarshal([]byte(l.stdout), &report))
	return report.Counts.Went
}
