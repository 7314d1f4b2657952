//go:build bench

package bench

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// bench is what measures, and what it has measured.
type bench struct {
	*kubetest.Cluster
	stopwatch string
	tools     []*tool
	library   *tool // Helm's alone: it can only start
	audit     *auditLog
	watcher   *watcher
	machine   machine
	results   results
}

func newBench(t *testing.T) *bench {
	t.Helper()
	rest()
	facts := thisMachine() // before anything here adds to the load
	c := kubetest.Connect(t)
	return &bench{
		Cluster: c, stopwatch: variable(t, "BERTH_TEST_STOPWATCH"), tools: newTools(t, c),
		library: &tool{name: library, binary: variable(t, "BERTH_TEST_SDK")},
		audit:   newAuditLog(t, c.AuditLog()), watcher: newWatcher(t, c), machine: facts,
	}
}

// turns calls each tool in turn, as often as told, another one first each time.
func turns(t *testing.T, runs int, tools []*tool, do func(round int, o *tool)) {
	for round := range runs {
		for i := range tools {
			do(round, tools[(round+i)%len(tools)])
		}
		t.Logf("run %d of %d", round+1, runs)
	}
}

// programs measures the binaries themselves: `version` asks no server.
func (b *bench) programs(t *testing.T) {
	for _, o := range b.binaries() {
		info, err := os.Stat(o.binary)
		if err != nil {
			t.Fatal(err)
		}
		b.results.add(key{program, o.name, size}, float64(info.Size())/(1<<20))
	}
	for range starts {
		turns(t, *runs, b.binaries(), func(_ int, o *tool) {
			l, out := b.run(t, o, "version")
			if l.Code != 0 {
				t.Fatalf("%s version ended with %d\n%s", o.name, l.Code, out)
			}
			b.results.add(key{program, o.name, wall}, milliseconds(l.took()))
			b.results.add(key{program, o.name, memory}, float64(l.PeakKiB)/1024)
		})
	}
}

// binaries are all that can start.
func (b *bench) binaries() []*tool { return append(slices.Clone(b.tools), b.library) }

// starts is how often each run of the programs is made: it takes milliseconds,
// of which whatever else the machine does is a large part.
const starts = 10

// deploys measures a scenario.
func (b *bench) deploys(t *testing.T, s scenario) {
	if s.verb == install {
		turns(t, s.runs(), b.tools, func(_ int, o *tool) {
			namespace := b.Name(t, "bench")
			b.deploy(t, s, o, namespace, "r0")
			b.remove(t, namespace)
		})
		return
	}
	places := map[*tool]string{}
	for _, o := range b.tools {
		places[o] = b.Name(t, "bench")
		b.prepare(t, s, o, places[o], "r0")
	}
	turns(t, s.runs(), b.tools, func(round int, o *tool) {
		revision := "r0"
		if s.verb == upgrade {
			revision = fmt.Sprintf("r%d", round+1)
		}
		b.deploy(t, s, o, places[o], revision)
	})
	b.remove(t, slices.Collect(maps.Values(places))...)
}

// remove takes namespaces down and waits until they are gone, so that the next
// run does not share the control plane with that.
func (b *bench) remove(t *testing.T, names ...string) {
	t.Helper()
	namespaces := b.Client().CoreV1().Namespaces()
	for _, name := range names {
		if err := namespaces.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatalf("deleting namespace %s: %v", name, err)
		}
	}
	for _, name := range names {
		kubetest.Eventually(t, 5*time.Minute, func() (bool, string) {
			_, err := namespaces.Get(t.Context(), name, metav1.GetOptions{})
			return apierrors.IsNotFound(err), "namespace " + name + " is still there"
		})
	}
}

// whole says whether nothing was left out by -run.
func (b *bench) whole() bool {
	measured := func(scenario, tool string) bool { return len(b.results.of(key{scenario, tool, wall})) > 0 }
	return measured(program, berth) &&
		!slices.ContainsFunc(scenarios, func(s scenario) bool { return !measured(s.String(), helm4) }) &&
		!slices.ContainsFunc(failures, func(f failure) bool { return !measured(f.name, berth) })
}
