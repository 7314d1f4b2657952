//go:build conformance

package conformance

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

var (
	chaosKills = flag.Int("kills", 0, "how many random kills each loop makes; 0 runs none")
	chaosSeed  = flag.Uint64("seed", 0, "replays a run of the loops; 0 is a new one")
)

// seedOfAll is the one seed of all loops.
var seedOfAll = sync.OnceValue(func() uint64 {
	if *chaosSeed != 0 {
		return *chaosSeed
	}
	return uint64(time.Now().UnixNano())
})

// chaos is a loop that kills deploys at a random request, and then deploys once
// more.
type chaos struct {
	prepare func(s *fixture)                                           // what is there before
	begin   func(s *fixture, p *faultproxy.Proxy, extra string) doomed // the run that is killed
	hooks   []string                                                   // events whose hooks have to have run in the end
	heal    []string                                                   // flags of the deploy that follows
}

// doomed is a run that is about to be killed.
type doomed struct {
	kill func()
	done <-chan struct{}
}

var allHooks = []string{
	"--set", "hooks.pre-install.behaviour=complete", "--set", "hooks.post-install.behaviour=complete",
	"--set", "hooks.pre-upgrade.behaviour=complete", "--set", "hooks.post-upgrade.behaviour=complete",
}

// TestChaosInstall kills the first deploy of a branch.
func TestChaosInstall(t *testing.T) {
	chaos{
		prepare: func(*fixture) {},
		begin:   beginBerth,
		hooks:   []string{"pre-install", "post-install"},
	}.run(t, *chaosKills)
}

// TestChaosUpgrade kills a later one.
func TestChaosUpgrade(t *testing.T) {
	chaos{
		prepare: func(s *fixture) { s.berth("deploy", allHooks...).exit(0) },
		begin:   beginBerth,
		hooks:   []string{"pre-upgrade", "post-upgrade"},
	}.run(t, *chaosKills)
}

// TestChaosHelmInstall kills the Helm 3 command line in an install.
func TestChaosHelmInstall(t *testing.T) {
	chaos{
		prepare: func(*fixture) {},
		begin:   beginHelm,
		hooks:   []string{"pre-install", "post-install"},
		heal:    []string{"--adopt", "--assume-dead-after", "3s"},
	}.run(t, (*chaosKills+1)/2)
}

// TestChaosHelmUpgrade kills it in an upgrade.
func TestChaosHelmUpgrade(t *testing.T) {
	chaos{
		prepare: func(s *fixture) {
			s.mustHelm(3, append([]string{"install", s.release, s.chart, "--wait"}, allHooks...)...)
		},
		begin: beginHelm,
		hooks: []string{"pre-upgrade", "post-upgrade"},
		heal:  []string{"--adopt", "--assume-dead-after", "3s"},
	}.run(t, *chaosKills/2)
}

// TestChaosTogether starts two deploys of one branch at once: row T46, again and
// again.
func TestChaosTogether(t *testing.T) {
	if *chaosKills == 0 {
		t.Skip("not run: make chaos does, with -kills")
	}
	i := slices.IndexFunc(matrix, func(r row) bool { return r.ID == "T46" })
	for n := range max(1, *chaosKills/5) {
		t.Run(fmt.Sprintf("%03d", n), func(t *testing.T) {
			t.Parallel()
			s := newFixture(t, matrix[i])
			s.row.run(s)
			s.oneDeployed(2)
			s.helmReads(3, "deployed")
		})
	}
}

func beginBerth(s *fixture, p *faultproxy.Proxy, extra string) doomed {
	direct := s.user()
	s.kubeconfig = p.Kubeconfig(s.t, direct)
	run := s.start("deploy", append(allHooks, "--set", "extras={"+extra+"}")...)
	s.kubeconfig = direct
	return doomed{run.kill, run.done}
}

func beginHelm(s *fixture, p *faultproxy.Proxy, extra string) doomed {
	args := []string{"upgrade", "--install", "--wait", s.release, s.chart, "--namespace", s.namespace, "--set", "extras={" + extra + "}"}
	cmd := exec.Command(kubetest.Helm(s.t, 3), append(args, allHooks...)...)
	home := s.t.TempDir()
	cmd.Env = []string{"HOME=" + home, "KUBECONFIG=" + p.Kubeconfig(s.t, s.Kubeconfig())}
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("starting helm: %v", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(done)
	}()
	kill := func() { _ = cmd.Process.Kill(); <-done }
	s.t.Cleanup(kill)
	return doomed{kill, done}
}

// run makes the loop's kills, several at a time. The number of a kill and the
// seed give the request at which it happens.
func (c chaos) run(t *testing.T, kills int) {
	if kills == 0 {
		t.Skip("not run: make chaos does, with -kills")
	}
	seed := seedOfAll()
	requests := c.measure(t)
	t.Logf("seed %d: killing at one of %d requests; replay with make chaos SEED=%d", seed, requests, seed)
	for i := range kills {
		t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for !c.once(t, 1+r.IntN(requests), r.IntN(2) == 0) {
			}
		})
	}
}

// measure is how many requests a run makes that nobody kills.
func (c chaos) measure(t *testing.T) int {
	t.Helper()
	s := newFixture(t, row{})
	c.prepare(s)
	p := faultproxy.New(t, s.Config())
	<-c.begin(s, p, "a").done
	return p.Count()
}

// once kills one run and deploys again. It is false when the run had ended
// before it came to the request: how often it looks at the objects differs.
func (c chaos) once(t *testing.T, request int, after bool) bool {
	t.Helper()
	s := newFixture(t, row{})
	c.prepare(s)
	p := faultproxy.New(t, s.Config())
	if !s.killAt(p, request, after, func() doomed { return c.begin(s, p, "a") }) {
		return false
	}
	pods, stuck := s.pods(), s.history()
	t.Logf("killed at request %d, which was applied: %t; stored was %s", request, after, stuck)
	s.berth("deploy", append(append(slices.Clone(allHooks), "--set", "extras={b}"), c.heal...)...).exit(0)

	s.owns(append(slices.Clone(app), "ConfigMap/web-b")...)
	for _, event := range c.hooks {
		s.hookCompleted(event)
	}
	healed := s.pods()
	if len(healed) != 1 {
		t.Errorf("there are %d pods, want 1: %v", len(healed), healed)
	}
	for name, uid := range pods {
		if healed[name] != uid {
			t.Errorf("pod %s was restarted: %v before, %v after", name, slices.Collect(maps.Keys(pods)), slices.Collect(maps.Keys(healed)))
		}
	}
	s.oneDeployed(s.last().Revision)
	s.berth("check").exit(0)
	s.helmReads(3, "deployed")
	return true
}

// killAt begins a run and kills it at its n-th request, before it is forwarded or
// after it was applied. It is false when the run ended before.
func (s *fixture) killAt(p *faultproxy.Proxy, n int, after bool, begin func() doomed) bool {
	s.t.Helper()
	reached, over := make(chan struct{}), make(chan struct{})
	hold := func(faultproxy.Request) { close(reached); <-over }
	fault := faultproxy.Sequence(faultproxy.Call(hold), faultproxy.Refuse())
	if after {
		fault = faultproxy.CallAfter(hold)
	}
	p.OnNth(n, fault)
	defer close(over)
	run := begin()
	select {
	case <-reached:
		run.kill()
		return true
	case <-run.done:
		return false
	case <-time.After(runLimit):
		s.t.Fatalf("it neither ended nor came to its request %d within %s", n, runLimit)
	}
	return false
}
