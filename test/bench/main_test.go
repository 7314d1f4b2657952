//go:build bench

// Package bench times Berth beside the Helm 3 and Helm 4 command lines on the
// embedded control plane: whole processes, from start to exit, as a CI job sees
// them. Berth locks, preflights, checks and reports in that time; Helm does not.
//
// The tools take turns, so that whatever else the machine does meets all of
// them alike. `go test -tags bench -run 'TestBenchmarks/install' -runs 1` runs
// a part of it; the document is only written from the whole.
package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	runs         = flag.Int("runs", 10, "how often each tool does each thing")
	write        = flag.Bool("write", false, "write docs/benchmarks.md")
	helmVerdicts = flag.Bool("helm-verdicts", true, "have Helm meet each failure once: it sits out its timeout")
	toolTimeout  = flag.Duration("tool-timeout", 0, "the tools' timeout for what has to fail; 0 is their own default, 5m for all three")
)

// TestMain lets all of Helm's verdicts, which are waiting, run at a time.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// scenario is one thing that is timed.
type scenario struct {
	verb   string
	copies int           // of the three objects
	delay  time.Duration // from the start of a pod until it is ready
	bare   bool          // the pods have no readiness probe
}

const (
	install = "install"
	upgrade = "upgrade"
	noop    = "no-op upgrade"
)

// pause is the start-up delay of the pods in the scenarios that have one.
const pause = 2 * time.Second

var scenarios = []scenario{
	{install, 1, 0, false}, {install, 1, pause, false}, {upgrade, 1, 0, false}, {upgrade, 1, pause, false}, {noop, 1, 0, false},
	{install, 10, 0, false}, {upgrade, 10, 0, false}, {noop, 10, 0, false},
	{install, 100, 0, false}, {upgrade, 100, 0, false}, {noop, 100, 0, false},
	{install, 1, 0, true}, {noop, 1, 0, true},
}

// largeRuns bounds the runs of the largest chart. Helm 4 takes minutes for each, and
// the bars are far off.
const largeRuns = 3

// runs is how often each tool does it.
func (s scenario) runs() int {
	if s.copies >= 100 {
		return min(*runs, largeRuns)
	}
	return *runs
}

// objects is how many objects the chart has.
func (s scenario) objects() int { return 3 * s.copies }

func (s scenario) String() string {
	name := fmt.Sprintf("%s, %d objects", s.verb, s.objects())
	if s.delay > 0 {
		name += fmt.Sprintf(", pods take %s", s.delay)
	}
	if s.bare {
		name += ", no readiness probe"
	}
	return name
}

// values are what the chart is told.
func (s scenario) values(revision string) []string {
	values := []string{fmt.Sprintf("copies=%d", s.copies), "revision=" + revision}
	if s.delay > 0 {
		values = append(values, "behaviour=slow", "delay="+s.delay.String())
	}
	if s.bare {
		values = append(values, "probe=false")
	}
	return values
}

// TestBenchmarks measures everything and says what came of it.
func TestBenchmarks(t *testing.T) {
	if *runs < 1 {
		t.Fatalf("-runs is %d: it takes at least one", *runs)
	}
	b := newBench(t)
	if warning := b.machine.warning(); warning != "" {
		fmt.Println("!! " + warning)
	}
	t.Run("program", b.programs)
	for _, s := range scenarios {
		t.Run(s.String(), func(t *testing.T) { b.deploys(t, s) })
	}
	for _, f := range failures {
		t.Run("verdict, "+f.name, func(t *testing.T) { b.verdicts(t, f) })
	}
	if *helmVerdicts {
		t.Run("Helm's verdicts", b.helmVerdicts)
	}
	text := b.document()
	fmt.Println(text)
	switch {
	case !*write:
	case t.Failed():
		t.Errorf("%s is not written, since something failed", documentPath)
	case !b.whole():
		t.Errorf("%s is only written from the whole: run it without -run", documentPath)
	default:
		if err := os.WriteFile(documentPath, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}
