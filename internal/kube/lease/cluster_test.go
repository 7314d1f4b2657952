//go:build cluster

package lease_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/test/kubetest"
)

const testTimeout = 20 * time.Second

func options(namespace, holder string) lease.Options {
	return lease.Options{Namespace: namespace, Release: "web", Holder: holder, Duration: 3 * time.Second, RenewEvery: time.Second}
}

func start(t *testing.T) (context.Context, *kubetest.Cluster, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	return ctx, cluster, namespace
}

func acquire(t *testing.T, ctx context.Context, client kubernetes.Interface, o lease.Options) *lease.Lease {
	t.Helper()
	l, err := lease.Acquire(ctx, client, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func state(t *testing.T, ctx context.Context, client kubernetes.Interface, namespace string, now time.Time) facts.Lock {
	t.Helper()
	lock, err := lease.Read(ctx, client, namespace, "web", now)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestAcquireHoldRelease(t *testing.T) {
	ctx, cluster, namespace := start(t)
	client := cluster.Client()
	if got := state(t, ctx, client, namespace, time.Time{}); got.State != facts.LockAbsent {
		t.Fatalf("before: %+v", got)
	}
	l := acquire(t, ctx, client, options(namespace, "run 1"))
	held := state(t, ctx, client, namespace, time.Now())
	if held.State != facts.LockHeld || held.Holder != "run 1" || held.Since.IsZero() || !l.Live(time.Second) {
		t.Errorf("held: %+v, live %t", held, l.Live(time.Second))
	}

	var refused *lease.HeldError
	if _, err := lease.Acquire(ctx, client, options(namespace, "run 2")); !errors.As(err, &refused) || refused.Holder != "run 1" {
		t.Errorf("a second holder: %v", err)
	}

	want := facts.Attempt{Run: "r1", Revision: 2, Outcome: "failed", HooksProven: true}
	if err := l.Release(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(ctx, want); err != nil {
		t.Errorf("a second release: %v", err)
	}
	if got := state(t, ctx, client, namespace, time.Now()); got.State != facts.LockEnded || got.Attempt != want {
		t.Errorf("after: %+v", got)
	}

	again := acquire(t, ctx, client, options(namespace, "run 2"))
	if got := state(t, ctx, client, namespace, time.Now()); got.Attempt != want {
		t.Errorf("the last attempt is forgotten while the next runs: %+v", got)
	}
	if err := again.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	if got := state(t, ctx, client, namespace, time.Time{}); got.State != facts.LockAbsent {
		t.Errorf("removed: %+v", got)
	}
}

func TestRenewalOutlivesTheDuration(t *testing.T) {
	ctx, cluster, namespace := start(t)
	l := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	o := options(namespace, "run 2")
	o.Wait = 6 * time.Second
	var told atomic.Int32
	o.OnWait = func(string, time.Time) { told.Add(1) }
	var held *lease.HeldError
	if _, err := lease.Acquire(ctx, cluster.Client(), o); !errors.As(err, &held) {
		t.Errorf("twice the duration later: %v", err)
	}
	if told.Load() != 1 {
		t.Errorf("told of the wait %d times", told.Load())
	}
	if err := l.Release(ctx, facts.Attempt{}); err != nil {
		t.Errorf("its holder: %v", err)
	}
}

func TestWaitsForTheEnd(t *testing.T) {
	ctx, cluster, namespace := start(t)
	first := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	waiting, done := make(chan struct{}), make(chan error, 1)
	o := options(namespace, "run 2")
	o.Wait, o.OnWait = testTimeout, func(string, time.Time) { close(waiting) }
	go func() {
		second, err := lease.Acquire(ctx, cluster.Client(), o)
		if err == nil {
			err = second.Release(ctx, facts.Attempt{})
		}
		done <- err
	}()
	<-waiting
	if err := first.Release(ctx, facts.Attempt{}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the second: %v", err)
	}
}

func TestTakesOneThatRanOut(t *testing.T) {
	for name, now := range map[string]func() time.Time{"under our eyes": nil, "by the server's time": time.Now} {
		t.Run(name, func(t *testing.T) {
			ctx, cluster, namespace := start(t)
			dying, die := context.WithCancel(ctx)
			first := acquire(t, dying, cluster.Client(), options(namespace, "run 1"))
			die() // the renewal ends, nobody writes the end
			o := options(namespace, "run 2")
			o.Wait, o.ServerNow = testTimeout, now
			second := acquire(t, ctx, cluster.Client(), o)
			if err := first.Release(ctx, facts.Attempt{Outcome: "late"}); !errors.Is(err, lease.ErrLost) {
				t.Errorf("the first writes after it lost: %v", err)
			}
			got := state(t, ctx, cluster.Client(), namespace, time.Now())
			if got.Holder != "run 2" || got.Attempt.Outcome != "" {
				t.Errorf("lock: %+v", got)
			}
			if err := second.Release(ctx, facts.Attempt{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLosing(t *testing.T) {
	ctx, cluster, namespace := start(t)
	leases := cluster.Client().CoordinationV1().Leases(namespace)
	l := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	if err := leases.Delete(ctx, lease.Name("web"), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.Done():
		if !errors.Is(l.Err(), lease.ErrLost) || l.Live(0) {
			t.Errorf("lost: %v, live %t", l.Err(), l.Live(0))
		}
	case <-time.After(testTimeout):
		t.Fatal("nobody was told that the lease was deleted")
	}
	if err := l.Release(ctx, facts.Attempt{}); !errors.Is(err, lease.ErrLost) {
		t.Errorf("release: %v", err)
	}
	if got := state(t, ctx, cluster.Client(), namespace, time.Time{}); got.State != facts.LockAbsent {
		t.Errorf("it was written after it was lost: %+v", got)
	}
}

func TestTeardownTakesTheLeaseAlong(t *testing.T) {
	ctx, cluster, namespace := start(t)
	l := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	l.ExpectRemoval()
	if err := cluster.Client().CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, 3*testTimeout, func() (bool, string) {
		lock, err := lease.Read(ctx, cluster.Client(), namespace, "web", time.Time{})
		return err == nil && lock.State == facts.LockAbsent, "the lease is still there"
	})
	if err := errors.Join(l.Release(ctx, facts.Attempt{}), l.Err()); err != nil {
		t.Errorf("release: %v", err)
	}
	if _, err := lease.Acquire(ctx, cluster.Client(), options(namespace, "run 1")); err == nil {
		t.Error("acquired in a namespace that is going away")
	}
}

func TestWithoutPermission(t *testing.T) {
	ctx, cluster, namespace := start(t)
	client, err := kubernetes.NewForConfig(cluster.ServiceAccount(t, namespace, "poor").Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lease.Acquire(ctx, client, options(namespace, "run 1")); !errors.Is(err, lease.ErrUnusable) {
		t.Errorf("acquire: %v", err)
	}
	if got := state(t, ctx, client, namespace, time.Time{}); got.State != facts.LockUnusable {
		t.Errorf("read: %+v", got)
	}
}

// Without watch the wait falls back to polling.
func TestWaitsWithoutWatch(t *testing.T) {
	ctx, cluster, namespace := start(t)
	rules := cluster.LeaseRules()
	rules[0].Verbs = []string{"get", "create", "update"}
	client, err := kubernetes.NewForConfig(cluster.ServiceAccount(t, namespace, "blind", rules...).Config)
	if err != nil {
		t.Fatal(err)
	}
	first := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	o := options(namespace, "run 2")
	o.Wait = testTimeout
	o.OnWait = func(string, time.Time) {
		if err := first.Release(ctx, facts.Attempt{}); err != nil {
			t.Error(err)
		}
	}
	second := acquire(t, ctx, client, o)
	if err := second.Release(ctx, facts.Attempt{}); err != nil {
		t.Error(err)
	}
}

// A duration that somebody else wrote into a Lease that is held is not judged by: the
// next renewal puts it right.
func TestRenewalPutsTheDurationRight(t *testing.T) {
	ctx, cluster, namespace := start(t)
	leases := cluster.Client().CoordinationV1().Leases(namespace)
	l := acquire(t, ctx, cluster.Client(), options(namespace, "run 1"))
	if _, err := leases.Patch(ctx, lease.Name("web"), types.MergePatchType,
		[]byte(`{"spec":{"leaseDurationSeconds":2147483647,"holderIdentity":"somebody"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, testTimeout, func() (bool, string) {
		got, err := leases.Get(ctx, lease.Name("web"), metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		return *got.Spec.LeaseDurationSeconds == 3 && *got.Spec.HolderIdentity == "run 1", "it is not put right"
	})
	if err := l.Release(ctx, facts.Attempt{}); err != nil {
		t.Error(err)
	}
}

// A Lease whose times are far away is taken once nobody renewed it while it was
// watched, though somebody else goes on to write to it.
func TestTakesOneWithTimesFarAway(t *testing.T) {
	ctx, cluster, namespace := start(t)
	leases := cluster.Client().CoordinationV1().Leases(namespace)
	far, seconds, name := metav1.NewMicroTime(time.Now().AddDate(1, 0, 0)), int32(3), "\x1b[2J\n::error::"
	if _, err := leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: lease.Name("web")},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, RenewTime: &far, AcquireTime: &far, LeaseDurationSeconds: &seconds},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for n := 0; writing.Err() == nil; n++ {
			_, _ = leases.Patch(writing, lease.Name("web"), types.MergePatchType,
				fmt.Appendf(nil, `{"metadata":{"labels":{"n":"%d"}}}`, n), metav1.PatchOptions{})
			select {
			case <-writing.Done():
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	o := options(namespace, "run 2")
	o.Wait, o.ServerNow = testTimeout, time.Now
	l := acquire(t, ctx, cluster.Client(), o)
	stop()
	if found := l.Found(); found.State != facts.LockExpired {
		t.Errorf("found %+v", found)
	}
	if err := l.Release(ctx, facts.Attempt{}); err != nil {
		t.Error(err)
	}
}

// A Lease is broken once nobody renewed it for as long as it lasts, and never while
// somebody does.
func TestBreak(t *testing.T) {
	ctx, cluster, namespace := start(t)
	dying, die := context.WithCancel(ctx)
	first := acquire(t, dying, cluster.Client(), options(namespace, "run 1"))
	o := options(namespace, "run 2")
	o.Break = true
	var held *lease.HeldError
	if _, err := lease.Acquire(ctx, cluster.Client(), o); !errors.As(err, &held) || !held.Renewed {
		t.Errorf("while it is renewed: %v", err)
	}
	die()
	second := acquire(t, ctx, cluster.Client(), o)
	if err := first.Release(ctx, facts.Attempt{}); !errors.Is(err, lease.ErrLost) {
		t.Errorf("the first: %v", err)
	}
	if err := second.Release(ctx, facts.Attempt{}); err != nil {
		t.Error(err)
	}
}
