//go:build cluster

package rollout_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/test/kubetest"
)

// reasons is an Observer that keeps the reasons it is told.
type reasons struct {
	all   []string
	began sync.Once
	begun chan struct{}
}

func (r *reasons) Begin([]facts.Awaited)  { r.began.Do(func() { close(r.begun) }) }
func (r *reasons) Update(a facts.Awaited) { r.all = append(r.all, a.Reason) }
func (r *reasons) End()                   {}

// A workload that is created during the wait has its pods watched, too.
func TestWaitFailsFastOnWhatComesLate(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	w := failFastWaiter(t, cluster, namespace)
	seen := &reasons{begun: make(chan struct{})}
	w.Observer = seen
	done := make(chan error, 1)
	go func() { done <- wait(t, w, time.Minute, web) }()
	<-seen.begun
	late := time.NewTimer(time.Second) // the pods of what is there are watched by then
	<-late.C
	deploy(t, cluster, namespace, "image-pull", "")
	requireFailure(t, <-done, "ImagePull", "pod web-")
}

// The reason of a pod is reported without FailFast, too.
func TestProgressWithoutFailingFast(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deployment(t, cluster, namespace, behaving("config-late", ", sim.berth.dev/delay: 5s", ""))
	w := waiter(t, cluster.Config(), namespace)
	seen := &reasons{begun: make(chan struct{})}
	w.Observer = seen
	if err := wait(t, w, time.Minute, web); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(seen.all, func(s string) bool { return strings.Contains(s, "CreateContainerConfigError") }) {
		t.Errorf("seen %q", seen.all)
	}
}

var _ rollout.Observer = (*reasons)(nil)
