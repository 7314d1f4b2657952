//go:build bench

package bench

import (
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// tooLong is how long a verdict takes that is not worth waiting for again.
const tooLong = time.Minute

// verdicts has Berth meet the failure.
func (b *bench) verdicts(t *testing.T, f failure) {
	for round := range *runs {
		if b.fail(t, f, b.tools[0]) > tooLong {
			t.Logf("run %d took more than %s: the others are left out", round+1, tooLong)
			return
		}
	}
}

// helmVerdicts has each Helm meet each failure once, all at the same time: they
// wait for their timeout.
func (b *bench) helmVerdicts(t *testing.T) {
	for _, f := range failures {
		for _, o := range b.tools[1:] {
			t.Run(o.name+", "+f.name, func(t *testing.T) {
				t.Parallel()
				b.fail(t, f, o)
			})
		}
	}
}

// fail runs a deploy that has to fail, in a namespace of its own, and returns
// how long that took.
func (b *bench) fail(t *testing.T, f failure, o *tool) time.Duration {
	t.Helper()
	namespace := b.Name(t, "bench")
	if f.quota {
		namespace = b.Namespace(t)
		b.allowNoPods(t, namespace)
	}
	known := b.watchFor(t, f, namespace)
	l, out := b.run(t, o, o.deploy(namespace, f.values, *toolTimeout)...)
	if l.Code == 0 {
		t.Fatalf("%s succeeded although this is a %s\n%s", o.name, f.name, out)
	}
	var moment time.Time
	kubetest.Eventually(t, time.Minute, func() (seen bool, why string) { // a tool may be first
		moment, seen = known()
		return seen, f.moment + ": that was not seen"
	})
	b.results.add(key{f.name, o.name, wall}, milliseconds(l.took()))
	b.results.add(key{f.name, o.name, verdict}, milliseconds(l.Ended.Sub(moment)))
	told := 0.0
	if f.cause.MatchString(out) {
		told = 1
	}
	b.results.add(key{f.name, o.name, named}, told)
	return l.took()
}

// watchFor notes when the failure can be known.
func (b *bench) watchFor(t *testing.T, f failure, namespace string) func() (time.Time, bool) {
	t.Helper()
	stream, err := f.watch(b.Client(), namespace)(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("watching for the %s: %v", f.name, err)
	}
	t.Cleanup(stream.Stop)
	var mu sync.Mutex
	var moment time.Time
	shows := f.shows()
	go func() {
		var first time.Time
		for event := range stream.ResultChan() {
			now := time.Now()
			if first.IsZero() && f.later > 0 && crashed(event.Object) {
				first = now
			}
			if !shows(event.Object) {
				continue
			}
			if soonest := first.Add(f.later); soonest.After(now) {
				now = soonest
			}
			mu.Lock()
			moment = now
			mu.Unlock()
			return
		}
	}()
	return func() (time.Time, bool) {
		mu.Lock()
		defer mu.Unlock()
		return moment, !moment.IsZero()
	}
}

// allowNoPods makes a quota and returns when it is enforced.
func (b *bench) allowNoPods(t *testing.T, namespace string) {
	t.Helper()
	quotas := b.Client().CoreV1().ResourceQuotas(namespace)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "none"}}
	quota.Spec.Hard = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}
	if _, err := quotas.Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatalf("making a quota in %s: %v", namespace, err)
	}
	kubetest.Eventually(t, time.Minute, func() (bool, string) {
		q, err := quotas.Get(t.Context(), "none", metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		_, counted := q.Status.Used[corev1.ResourcePods]
		return counted, "the quota is not counted yet"
	})
}
