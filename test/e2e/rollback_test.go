//go:build cluster

package e2e

import (
	"context"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// operations are the fixture's release as the engine has it, without the engine.
func (s *fixture) operations() *helm.Releases {
	s.t.Helper()
	conn, err := kube.Connect(s.t.Context(), kube.Options{Kubeconfig: s.kubeconfig, UserAgent: "berth/test"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(conn.Close)
	store, err := record.New(record.Clients{Core: conn.Clientset().CoreV1(), Metadata: conn.Metadata()},
		record.Options{Kind: record.Secrets, Namespace: s.namespace, Stamp: facts.Stamp{Run: "rollback"}})
	if err != nil {
		s.t.Fatal(err)
	}
	mapper, err := conn.Mapper(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	o := helm.Options{Release: s.release, Namespace: s.namespace, Timeout: time.Minute, MaxHistory: 10, Log: func(string, ...any) {}}
	return helm.New(o, store, func(ctx context.Context) (helm.Backend, error) {
		fence := transport.NewFence(ctx)
		getter := conn.Getter(s.namespace, fence)
		core, err := getter.Core()
		if err != nil {
			return helm.Backend{}, err
		}
		metadata, err := getter.Metadata()
		waiter := waits{&rollout.Waiter{Clients: rollout.Clients{
			Clientset: conn.Clientset(), Dynamic: conn.Dynamic(), Mapper: mapper, Namespace: s.namespace,
		}}}
		return helm.Backend{
			Getter: getter, Core: core, Metadata: metadata, Fence: fence, CacheGets: getter.CacheGets,
			Pods: conn.Clientset(), Waiter: waiter,
		}, err
	})
}

// waits is a rollout's waiter as Helm is handed it.
type waits struct{ *rollout.Waiter }

func (w waits) WaitForReady(ctx context.Context, applied manifest.Objects, _ bool) ([]result.Event, error) {
	return nil, w.Waiter.WaitForReady(ctx, applied)
}

func (w waits) WaitForDelete(ctx context.Context, deleted manifest.Objects) ([]result.Event, error) {
	return nil, w.Waiter.WaitForDelete(ctx, deleted)
}

func (w waits) WaitForCompletion(ctx context.Context, applied manifest.Objects) ([]facts.Ref, error) {
	return w.Waiter.WaitForCompletion(ctx, applied)
}

func (waits) Conceal(context.Context, manifest.Objects) string { return "" }

// rollback rolls back with a budget of its own.
func (s *fixture) rollback(to int) result.Outcome {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), waitLimit)
	defer cancel()
	return s.operations().Rollback(ctx, facts.Rollback{To: to})
}

// stored fails the test unless the records have these statuses, by revision.
func (s *fixture) stored(want map[int]string) {
	s.t.Helper()
	if got := s.statuses(); !maps.Equal(got, want) {
		s.t.Errorf("stored is %v, want %v", got, want)
	}
}

func TestRollbackToAGoodRevision(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	s.berth("deploy", "--set", "greeting=bye", "--set", "extra=true").exit(t, 0)
	pods := s.pods()

	out := s.rollback(1)
	if out.Err != nil || out.Cut || !out.Applied || out.Revision != 3 || out.Manifest == "" || out.Chart == "" {
		t.Fatalf("the outcome is %+v", out)
	}
	s.stored(map[int]string{1: "superseded", 2: "superseded", 3: "deployed"})
	configMaps := s.Client().CoreV1().ConfigMaps(s.namespace)
	if got, err := configMaps.Get(t.Context(), s.release, metav1.GetOptions{}); err != nil || got.Data["greeting"] != "hello" {
		t.Errorf("the greeting is %v, %v", got.Data, err)
	}
	if _, err := configMaps.Get(t.Context(), s.release+"-extra", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("what only revision 2 had is still there: %v", err)
	}
	if after := s.pods(); !maps.Equal(pods, after) {
		t.Errorf("pods were restarted: %v before, %v after", pods, after)
	}
	newest, err := s.Client().CoreV1().Secrets(s.namespace).Get(t.Context(), "sh.helm.release.v1."+s.release+".v3", metav1.GetOptions{})
	if err != nil || newest.Labels[record.LabelRun] != "rollback" || newest.Labels[record.LabelRevision] != "3" {
		t.Errorf("the stamp is %v, %v", newest.Labels, err)
	}
	s.helmReads("deployed")
}

func TestRollbackOverAFailedRevision(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy", "--set", "hook=true").exit(t, 0)
	s.berth("deploy", "--timeout", "6s", "--set", missingImage).exit(t, 23)
	if out := s.rollback(1); out.Err != nil || !out.Applied {
		t.Fatalf("the outcome is %+v", out)
	}
	s.stored(map[int]string{1: "superseded", 2: "failed", 3: "deployed"})
	s.helmReads("deployed")
}

// A rollback that cannot apply its objects calls what came before it
// superseded; what never was in service must not pass for a good revision.
func TestRollbackThatFailsLeavesTheRevisionBeforeFailed(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy", "--set", "frozen=one").exit(t, 0)
	s.berth("deploy", "--timeout", "6s", "--set", "frozen=one", "--set", missingImage).exit(t, 23)
	configMaps := s.Client().CoreV1().ConfigMaps(s.namespace)
	frozen, err := configMaps.Get(t.Context(), s.release+"-frozen", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := configMaps.Delete(t.Context(), frozen.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	immutable := true
	other := &corev1.ConfigMap{Data: map[string]string{"text": "two"}, Immutable: &immutable,
		ObjectMeta: metav1.ObjectMeta{Name: frozen.Name, Labels: frozen.Labels, Annotations: frozen.Annotations}}
	if _, err := configMaps.Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	out := s.rollback(1)
	if out.Err == nil || out.Applied || out.Revision != 3 {
		t.Fatalf("the outcome is %+v", out)
	}
	if got := s.statuses(); got[2] != "failed" || got[3] != "failed" {
		t.Errorf("stored is %v, want 2 and 3 failed", got)
	}
}

func TestRollbackRefusesWhatIsNotTheReleases(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	s.berth("deploy", "--set", "greeting=bye").exit(t, 0)
	if _, err := s.Client().CoreV1().Services(s.namespace).Patch(t.Context(), s.release, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"meta.helm.sh/release-name":"somebody-else"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	out := s.rollback(1)
	if p := problem.Of(out.Err); p == nil || p.Reason != problem.Foreign {
		t.Errorf("the outcome is %+v", out)
	}
	s.stored(map[int]string{1: "superseded", 2: "deployed"})
}

func TestRollbackToARevisionThatIsNotThere(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	if out := s.rollback(7); out.Err == nil || out.Revision != 0 {
		t.Errorf("the outcome is %+v", out)
	}
	s.stored(map[int]string{1: "deployed"})
}
