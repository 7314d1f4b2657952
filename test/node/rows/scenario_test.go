//go:build node

package rows

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/kubetest"
)

// sharedFolder stands for the row's own folder on the node, in charts whose pods
// see each other by its files.
const sharedFolder = "SHARED-BY-THE-ROW"

// scenario is what one row works with.
type scenario struct {
	*kubetest.Cluster
	t   *testing.T
	row row

	namespace   string
	chartFolder string
	shared      string // takes sharedFolder's place
	runs        []*process
	moments     map[moment]<-chan time.Time
}

func newScenario(t *testing.T, r row) *scenario {
	t.Helper()
	c := kubetest.Connect(t)
	s := &scenario{Cluster: c, t: t, row: r, namespace: c.Name(t, "row-"+strings.ToLower(r.ID)),
		chartFolder: t.TempDir(), shared: t.TempDir(), moments: map[moment]<-chan time.Time{}}
	t.Cleanup(s.logRuns)
	return s
}

// chart makes these objects the chart.
func (s *scenario) chart(objects ...object) {
	s.t.Helper()
	var manifest strings.Builder
	for _, o := range objects {
		data, err := yaml.Marshal(o)
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&manifest, "---\n%s", data)
	}
	files := map[string]string{
		"Chart.yaml":         "apiVersion: v2\nname: web\nversion: 0.1.0\n",
		"templates/all.yaml": strings.ReplaceAll(manifest.String(), sharedFolder, s.shared),
	}
	for name, content := range files {
		path := filepath.Join(s.chartFolder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}

// deploy deploys these objects, and returns when the run has ended.
func (s *scenario) deploy(objects ...object) *process {
	s.t.Helper()
	s.chart(objects...)
	return s.start("deploy").wait()
}

// play plays the row and compares the runs with what it expects.
func (s *scenario) play() {
	s.t.Helper()
	if s.row.Since != start {
		s.await(s.row.Since)
	}
	if s.row.plays != nil {
		s.row.plays(s)
	} else {
		s.deploy(s.row.chart...)
	}
	want := s.row.exits()
	if len(s.runs) != len(want) {
		s.t.Fatalf("there were %d runs; the row names %d", len(s.runs), len(want))
	}
	for i, p := range s.runs {
		if got := p.code(); got != want[i] {
			s.t.Errorf("run %d, %s, ended with %s, want %s", i+1, p.verb, got, want[i])
		}
	}
	last := s.runs[len(s.runs)-1]
	last.says(s.row.Says...)
	if s.row.Within > 0 {
		s.holdsBound(last)
	}
}

// slack is how many times its bound a run may take. A machine that is shared, as those
// of CI are, slows the kubelet as much as Berth; what it does not hide is a verdict that
// waits for a timeout.
var slack = flag.Int("slack", 1, "how many times its bound a run may take")

// holdsBound fails the row when the run took longer than the row grants.
func (s *scenario) holdsBound(p *process) {
	s.t.Helper()
	switch took, known := s.took(p); {
	case !known:
		s.t.Errorf("the moment never came from which the %s is to take %s", p.verb, s.row.bound())
	case took > s.row.Within*time.Duration(*slack):
		s.t.Errorf("%s took %.1f s %s, want %s (%d times that at most)", p.verb, took.Seconds(), s.row.Since, s.row.bound(), *slack)
	}
}

// took is how long the run took by the row's bound.
func (s *scenario) took(p *process) (took time.Duration, known bool) {
	if s.row.Since == start {
		return p.ended.Sub(p.began), true
	}
	select {
	case at := <-s.moments[s.row.Since]:
		return max(p.ended.Sub(at), 0), true
	case <-time.After(time.Second): // the watch is a little behind
		return 0, false
	}
}

// observed is what the document shows as seen.
func (s *scenario) observed() string {
	parts := make([]string, 0, len(s.runs))
	for _, p := range s.runs {
		seen := p.verb + ": " + p.code()
		if !p.ended.IsZero() {
			seen += fmt.Sprintf(" in %.1f s", p.ended.Sub(p.began).Seconds())
		}
		parts = append(parts, seen)
	}
	return strings.Join(parts, "; ")
}

// logRuns logs what every run printed, and what became of the pods, if the row
// failed.
func (s *scenario) logRuns() {
	if !s.t.Failed() {
		return
	}
	for i, p := range s.runs {
		p.kill()
		s.t.Logf("run %d, %s, ended with %s after %.1f s:\n%s\n%s", i+1, p.verb, p.code(), p.ended.Sub(p.began).Seconds(), p.out, p.report())
	}
}

// berthBinary is the binary under test.
func berthBinary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("BERTH_TEST_BIN")
	if path == "" {
		t.Fatal("BERTH_TEST_BIN is not set: the rows run the real binary. Run `make test-node`, which builds it")
	}
	return path
}
