//go:build ci

package ci

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/berth-dev/berth/test/mirror"
)

// native is the README's workflow with the native action, which finds the cluster as the
// runner's other tools do. Its app is that of the job's variable, and not that of the input.
func native(t *testing.T) string {
	t.Helper()
	text := with("app: not-this-one")(t)
	text = strings.Replace(text, "uses: berth-dev/berth@v1\n", "uses: berth-dev/berth/native@v1\n", 1)
	text = strings.Replace(text, "          kubeconfig: ${{ secrets.REVIEW_KUBECONFIG }}\n", "", 1)
	return strings.Replace(text, "    steps:\n", "    env:\n      BERTH_APP: shop\n    steps:\n", 1) + `      - env:
          SEEN: ${{ steps.berth.outputs.verdict }} ${{ steps.berth.outputs.release }} ${{ steps.berth.outputs.url }}
        run: echo "the step has $SEEN"
`
}

// cached is the archive in the runner's tool cache.
func (g *github) cached() string {
	g.t.Helper()
	found, err := filepath.Glob(filepath.Join(g.home, "cache/act/tool_cache/berth", mirror.Number, "*", g.mirror.Archive))
	if err != nil || len(found) != 1 {
		g.t.Fatalf("the tool cache has %q (%v)", found, err)
	}
	return found[0]
}

// downloaded sees that the archive was downloaded so often in all, and that nothing ran in the
// place of what was released.
func downloaded(want int64) func(*github) {
	return func(g *github) {
		g.t.Helper()
		if got := g.mirror.Downloads(); got != want {
			g.t.Errorf("there were %d downloads, want %d", got, want)
		}
		if strings.Contains(g.last.log.String(), mirror.Malice) {
			g.t.Errorf("it runs what was not released: %s", g.last)
		}
	}
}

// poisoned is a tool cache that another job has written to.
func poisoned(g *github) {
	g.t.Helper()
	if err := os.WriteFile(g.cached(), []byte(mirror.Malice), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// tampered is a poisoned tool cache, and a mirror that has something else than was released.
func tampered(g *github) { g.t.Helper(); poisoned(g); g.mirror.Tamper(g.t) }

// kill sends a signal as the runner does: to the step's container or, of a step without one,
// to the process that it started, and to none below that.
func (g *github) kill(name string) {
	g.t.Helper()
	if g.mirror == nil {
		g.engine.Docker(g.t, "kill", "--signal", name, g.container())
		return
	}
	number := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[name]
	if err := syscall.Kill(g.step(), number); err != nil {
		g.t.Fatal(err)
	}
}

// step is the process that the emulator has started for the step that runs.
func (g *github) step() int {
	g.t.Helper()
	status, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		g.t.Fatal(err)
	}
	var found []int
	for _, path := range status {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if strings.Contains(string(text), fmt.Sprintf("\nPPid:\t%d\n", g.act.Process.Pid)) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				g.t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	if len(found) != 1 {
		g.t.Fatalf("the step's process is not to be found: %v", found)
	}
	return found[0]
}
