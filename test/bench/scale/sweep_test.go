//go:build bench

package scale

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// expired is how many apps are taken down.
var expired = flag.Int("expired", 100, "how many expired apps are taken down")

// byHand is how many a shell takes down; it is scaled to all.
const byHand = 10

// ends are how the apps' pods end.
var ends = []struct {
	name  string
	flags []string
}{
	{"no pods", nil},
	{"pods that take 10 s to end", []string{"--set", "replicas=1", "--set", "stop=10s"}},
}

// TestSweep measures how long it is until many expired apps are gone: by a sweep, by a shell that
// uninstalls one after the other, and by nothing but the deletion of their namespaces.
func TestSweep(t *testing.T) {
	p := connect(t)
	var rows [][]string
	var bars []bar
	for i, end := range ends {
		apps := func(use, n int) []seeded { return deployMany(t, p, 10_000*(3*i+use), n, end.flags) }
		bySweep, most, all := sweepAll(t, p, apps(0, *expired))
		byShell := uninstallAll(t, p, apps(1, byHand)) * time.Duration(*expired) / byHand
		floor := deleteAll(t, p, apps(2, *expired))
		each := all / int64(*expired)
		rows = append(rows, []string{end.name, seconds(bySweep), seconds(byShell), seconds(floor), fmt.Sprint(most), fmt.Sprint(each)})
		bars = append(bars,
			bar{end.name + ": at most a tenth of the shell's time", bySweep.Seconds() / byShell.Seconds(), 0.1, "of it"},
			bar{end.name + ": at most 20 requests under way", float64(most), 20, ""})
	}
	write(t, fmt.Sprintf(sweepText, *expired, where(), byHand, *expired)+
		table([]string{"", "`berth sweep`", "a shell", "the floor", "requests under way at most", "requests for each app"}, rows)+
		"\n"+barTable(bars))
}

const sweepText = `### %d expired apps, a namespace for each

%s. The shell runs helm uninstall --wait, Helm 3, deletes the namespace and waits until it is gone, one app after the
other; it was timed with %d and scaled. The floor is nothing but the deletion of %d namespaces at once.

`

// deployMany deploys apps, some at the same time, that have expired at once.
func deployMany(t *testing.T, p plane, from, n int, flags []string) []seeded {
	t.Helper()
	apps, turns := make([]seeded, n), make(chan int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range turns {
				a := appOf(from + i)
				args := append([]string{"deploy", "--chart", absolute(chart), "--ttl", "1s"}, a.flags()...)
				if l := try(t, p.kubeconfig, berth, append(args, flags...)...); l.Code != 0 {
					t.Errorf("deploy %s: exit code %d: %s", a.branch, l.Code, tail(l.stdout+l.stderr))
				}
				apps[i] = a
			}
		})
	}
	for i := range n {
		turns <- i
	}
	close(turns)
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	ended := time.Now()
	wait(t, time.Minute, func() bool { return time.Since(ended) > 5*time.Second }) // by then their second has passed by all clocks
	return apps
}

// sweepAll sweeps, and returns how long it took, how many requests were under way at most, and how many
// there were.
func sweepAll(t *testing.T, p plane, apps []seeded) (took time.Duration, most, all int64) {
	t.Helper()
	requests := newCounter(t, p.config)
	l := run(t, requests.kubeconfig(t, p.kubeconfig), berth, sweepOf(len(apps))...)
	if got := went(t, l); got != len(apps) {
		t.Fatalf("%d of %d went: %s", got, len(apps), tail(l.stdout))
	}
	awaitGone(t, p, apps)
	return l.took(), requests.most.Load(), requests.all.Load()
}

// uninstallAll takes apps down one after the other. What kubectl would take to start is not counted.
func uninstallAll(t *testing.T, p plane, apps []seeded) time.Duration {
	t.Helper()
	began := time.Now()
	for _, a := range apps {
		run(t, p.kubeconfig, helm3, "uninstall", a.release, "--namespace", a.namespace, "--wait")
		must(t, p.client.CoreV1().Namespaces().Delete(t.Context(), a.namespace, metav1.DeleteOptions{}))
		awaitGone(t, p, []seeded{a})
	}
	return time.Since(began)
}

// deleteAll deletes the apps' namespaces at once.
func deleteAll(t *testing.T, p plane, apps []seeded) time.Duration {
	t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	errs := make([]error, len(apps))
	for i, a := range apps {
		all.Go(func() {
			errs[i] = p.client.CoreV1().Namespaces().Delete(t.Context(), a.namespace, metav1.DeleteOptions{})
		})
	}
	all.Wait()
	for _, err := range errs {
		must(t, err)
	}
	awaitGone(t, p, apps)
	return time.Since(began)
}

// awaitGone waits until the apps' namespaces are gone.
func awaitGone(t *testing.T, p plane, apps []seeded) {
	t.Helper()
	left := map[string]bool{}
	for _, a := range apps {
		left[a.namespace] = true
	}
	wait(t, 10*time.Minute, func() bool {
		if len(left) == 1 {
			for name := range left {
				return isGone(t.Context(), p, name)
			}
		}
		list, err := p.client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
		must(t, err)
		for _, n := range list.Items {
			if left[n.Name] {
				return false
			}
		}
		return true
	})
}

func isGone(ctx context.Context, p plane, name string) bool {
	_, err := p.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	return apierrors.IsNotFound(err)
}
