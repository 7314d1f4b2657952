//go:build dryrun

package dryrun

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/test/docker"
)

const (
	starts = 15  // of each, in turns
	factor = 1.5 // of the bare program's time is what the image may add to a container's
)

// testStart holds the start of the image against that of a container that does nothing,
// and says how long a runner that has never seen the image waits for the first request.
func (w *world) testStart(t *testing.T) {
	if err := docker.Missing(); err != nil {
		leftOut(t, "THE START IS NOT TIMED", err)
	}
	e, image := docker.Start(t), w.pins(t).Image
	e.Docker(t, "pull", "--quiet", image)
	e.Docker(t, "pull", "--quiet", w.base)
	program := filepath.Join(t.TempDir(), "berth")
	if err := os.WriteFile(program, w.unpacked(t, w.pins(t).Archives[here()].Name)["berth"], 0o755); err != nil {
		t.Fatal(err)
	}
	bare, empty, own := timings{}, timings{}, timings{}
	for range starts {
		bare.add(t, exec.CommandContext(t.Context(), program, "version"))
		empty.add(t, e.Command(nil, "run", "--rm", "--network", "none", "--entrypoint", "true", w.base))
		own.add(t, e.Command(nil, "run", "--rm", "--network", "none", image, "version"))
	}
	limit := empty.median() + time.Duration(factor*float64(bare.median()))
	t.Logf("docker run … version: %s; of an image that does nothing: %s; the bare program: %s (medians of %d); the bar: %s",
		ms(own.median()), ms(empty.median()), ms(bare.median()), starts, ms(limit))
	if own.median() > limit {
		t.Error("the image starts more slowly than the bar")
	}
	w.firstRequest(t, e, image)
}

// firstRequest times a step on a runner that has never seen the image, from its start to
// the first request that reaches the API server: pull, start, first request.
func (w *world) firstRequest(t *testing.T, e *docker.Engine, image string) {
	t.Helper()
	var pulls, all timings
	for range 5 {
		e.Docker(t, "rmi", "--force", image)
		reached := make(chan time.Time, 1)
		api := listen(t, reached)
		began := time.Now()
		e.Docker(t, "pull", "--quiet", image)
		pulls.took = append(pulls.took, time.Since(began))
		r := docker.Run(t, e.Command(nil, "run", "--rm", "--network", "host",
			"--env", "BERTH_KUBE_APISERVER="+api.URL, "--env", "BERTH_KUBE_TOKEN=none",
			"--env", "BERTH_KUBE_CA="+authority(api), "--env", "BERTH_TIMEOUT=5s", image, "check",
			"--release", "shop", "--namespace", "review"))
		select {
		case at := <-reached:
			all.took = append(all.took, at.Sub(began))
		default:
			t.Fatalf("no request came: %s", r)
		}
		api.Close()
	}
	t.Logf("with an empty store of images, from a registry on loopback, to the first request: %s, of which %s for the pull (medians of 5)",
		ms(all.median()), ms(pulls.median()))
}

// listen is an API server that refuses everybody, and says when it was first asked.
func listen(t *testing.T, reached chan<- time.Time) *httptest.Server {
	t.Helper()
	var once sync.Once
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		once.Do(func() { reached <- time.Now() })
		http.Error(out, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}`, http.StatusUnauthorized)
	}))
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// authority is the certificate that a server is to be verified by.
func authority(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// timings are how long a command took each time.
type timings struct{ took []time.Duration }

func (s *timings) add(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	s.took = append(s.took, time.Since(began))
}

func (s timings) median() time.Duration {
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
