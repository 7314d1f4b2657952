//go:build cluster

package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// killed sweeps in a process of its own, which is killed a moment after the first app goes. It
// returns whether it was still at work then.
func (o *orchard) killed(after time.Duration, flags ...string) bool {
	o.t.Helper()
	self, err := os.Executable()
	if err != nil {
		o.t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"sweep"}, flags...)...)
	cmd.Env = []string{asBerth + "=1"}
	for name, value := range o.env() {
		if !strings.HasPrefix(name, "GITHUB_") && name != "BERTH_GITHUB_TOKEN" { // by hand, without a token
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	begun := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), ": to go, since") && !begun {
			begun = true
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // how it ended is in its state
	return cmd.ProcessState.ExitCode() < 0
}

// A sweep that is killed twice, at random, is finished by those that follow, and nothing else
// was touched.
func TestSweepKilled(t *testing.T) {
	o := newOrchard(t)
	shared := o.Name(t, "shared")
	const count = 50
	var apps []*appOf
	for i := range count + 6 {
		a := &appOf{name: fmt.Sprintf("expired-%02d", i)}
		if i >= count {
			a.name = fmt.Sprintf("fine-%02d", i)
		}
		if a.branch = a.name; i%2 == 0 {
			a.namespace, a.release = shared, a.name
		}
		apps = append(apps, a)
	}
	o.deploy(apps[0], long) // it makes the shared namespace
	var mu sync.Mutex
	var deploys sync.WaitGroup
	turns := make(chan *appOf)
	for range 6 {
		deploys.Go(func() {
			for a := range turns {
				mu.Lock()
				one := *o
				mu.Unlock()
				one.apps = nil
				one.deploy(a, long)
				mu.Lock()
				o.apps = append(o.apps, a)
				mu.Unlock()
			}
		})
	}
	for _, a := range apps[1:] {
		turns <- a
	}
	close(turns)
	deploys.Wait()
	before := o.objects()

	repository := "https://" + o.host + "/acme/shop"
	policy := []string{"--repository", repository, "--yes-many", "--max-deletions", "100",
		"--lock-duration", "3s", "--assume-dead-after", "1s"}
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(1, uint64(seed)))
	for range 2 {
		after := time.Duration(random.IntN(2500)) * time.Millisecond
		t.Logf("seed %d: killed after %s: %t", seed, after, o.killed(after, policy...))
		o.unharmed(before, o.objects())
	}
	var last ended
	kubetest.Eventually(t, 2*time.Minute, func() (bool, string) {
		dir := t.TempDir()
		env := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": dir}
		last = runBerth(t, env, append([]string{"sweep", "--report-dir", filepath.Join(dir, "report")}, policy...)...)
		left := 0 // of others, too, there may be apps in the cluster
		for name := range last.swept(t) {
			if strings.Contains(name, "expired-") {
				left++
			}
		}
		return last.code == 0 && strings.Contains(last.stdout, "Nothing to sweep") && left == 0, last.stdout
	})
	o.untouched(before, o.objects(), func(a *appOf) bool { return strings.HasPrefix(a.name, "expired") })
	leases, err := o.Client().CoordinationV1().Leases(shared).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d locks are left for 3 releases", len(leases.Items))
}

// unharmed fails the test where something of an app that is to stay has changed.
func (o *orchard) unharmed(before, after map[string]string) {
	o.t.Helper()
	for object, was := range before {
		if strings.Contains(object, "fine-") && after[object] != was {
			o.t.Errorf("%s was %q, and is %q", object, was, after[object])
		}
	}
}
