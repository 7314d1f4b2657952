//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/test/kubetest"
)

func finish(t *testing.T, w *rollout.Waiter, d time.Duration, refs ...facts.Ref) ([]facts.Ref, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return w.WaitForCompletion(ctx, rollout.ByName(refs))
}

func TestFinish(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behaviour string
		limit     time.Duration
		says      string // of an error; none without
		timeout   bool
	}{
		"it completes":     {"complete", time.Minute, "", false},
		"it fails":         {"fail", time.Minute, "Job seed failed: ", false},
		"it does not end":  {"image-pull", 4 * time.Second, "ImagePull", true},
		"nobody knows why": {"slow", time.Second, "Job seed has not ended", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := kubetest.Connect(t)
			namespace := cluster.Namespace(t)
			run(t, cluster, namespace, c.behaviour)
			deleted, err := finish(t, waiter(t, cluster.Config(), namespace), c.limit, seed,
				facts.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: "any"})
			var unfinished *rollout.IncompleteError
			switch {
			case len(deleted) > 0:
				t.Errorf("it counts as deleted: %v", deleted)
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (!errors.As(err, &unfinished) || !strings.Contains(err.Error(), c.says)):
				t.Errorf("it says %v, want %q", err, c.says)
			case errors.Is(err, context.DeadlineExceeded) != c.timeout:
				t.Errorf("a timeout: %t, want %t: %v", !c.timeout, c.timeout, err)
			case c.behaviour == "fail" && !strings.Contains(err.Error(), "exit code 1"):
				t.Errorf("the pod's reason is missing: %v", err)
			}
		})
	}
}

// Without the right to watch, the wait polls; without that to read, it returns the
// denial.
func TestFinishByPolling(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	run(t, cluster, namespace, "complete")
	jobs := rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get"}}
	account := cluster.ServiceAccount(t, namespace, "reader", jobs)
	if deleted, err := finish(t, waiter(t, account.Config, namespace), time.Minute, seed); err != nil || len(deleted) > 0 {
		t.Errorf("deleted %v, error %v", deleted, err)
	}
	poor := cluster.ServiceAccount(t, namespace, "poor")
	if _, err := finish(t, waiter(t, poor.Config, namespace), time.Minute, seed); !apierrors.IsForbidden(err) {
		t.Errorf("denied: %v", err)
	}
}

func TestFinishSeesADeletion(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	run(t, cluster, namespace, "slow")
	jobs := cluster.Client().BatchV1().Jobs(namespace)
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		job, err := jobs.Get(t.Context(), "seed", metav1.GetOptions{})
		return err == nil && job.Status.Active > 0, fmt.Sprint("it does not run: ", err)
	})
	type answer struct {
		deleted []facts.Ref
		err     error
	}
	done := make(chan answer, 1)
	w := waiter(t, cluster.Config(), namespace)
	go func() {
		deleted, err := w.WaitForCompletion(t.Context(), rollout.ByName([]facts.Ref{seed}))
		done <- answer{deleted, err}
	}()
	background := metav1.DeletePropagationBackground
	if err := jobs.Delete(t.Context(), "seed", metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
	want := seed
	want.Namespace = namespace
	select {
	case a := <-done:
		if a.err != nil || !slices.Equal(a.deleted, []facts.Ref{want}) {
			t.Errorf("deleted %v, error %v", a.deleted, a.err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the deletion was not seen")
	}
}
