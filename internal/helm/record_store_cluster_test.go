//go:build cluster

package helm

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

func recordKey(revision int) string { return fmt.Sprintf("sh.helm.release.v1.web.v%d", revision) }

// storedRelease stores this many revisions, the last of them deployed.
func storedRelease(t *testing.T, c *kubetest.Cluster, revisions int) (*Releases, string) {
	t.Helper()
	ns := c.Namespace(t)
	meta, err := metadata.NewForConfig(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	clients := record.Clients{Core: c.Client().CoreV1(), Metadata: meta}
	store, err := record.New(clients, record.Options{Kind: record.Secrets, Namespace: ns, Context: t.Context()})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := store.Operation(clients, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for revision := 1; revision <= revisions; revision++ {
		status := release.StatusSuperseded
		if revision == revisions {
			status = release.StatusDeployed
		}
		rls := release.Mock(&release.MockReleaseOptions{Name: "web", Version: revision, Status: status, Namespace: ns})
		if err := driver.Create(recordKey(revision), rls); err != nil {
			t.Fatal(err)
		}
	}
	return New(Options{Release: "web", Namespace: ns}, store, nil), ns
}

func relabelByHand(t *testing.T, c *kubetest.Cluster, ns string, revision int, labels string) {
	t.Helper()
	_, err := c.Client().CoreV1().Secrets(ns).Patch(t.Context(), recordKey(revision), types.MergePatchType,
		[]byte(`{"metadata":{"labels":`+labels+`}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func recordsOf(t *testing.T, r *Releases, want int) []facts.Record {
	t.Helper()
	records, err := r.Records(t.Context())
	if err != nil || len(records) != want {
		t.Fatalf("records %+v, %v; want %d", records, err, want)
	}
	return records
}

func TestRelabelledRecordsAreHelmsAgain(t *testing.T) {
	c := kubetest.Connect(t)
	r, ns := storedRelease(t, c, 2)
	relabelByHand(t, c, ns, 2, `{"name":null,"status":"failed"}`)
	rec := &recordsOf(t, r, 2)[1]
	if !rec.Hidden {
		t.Fatalf("record %+v", rec)
	}
	if err := r.Load(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	relabelByHand(t, c, ns, 2, `{"owner":null}`)
	if err := r.Relabel(t.Context(), rec); !errors.Is(err, facts.ErrChanged) {
		t.Fatalf("over a change: %v", err)
	}
	rec = &recordsOf(t, r, 2)[1] // decided anew
	if err := r.Relabel(t.Context(), rec); err != nil || rec.Hidden || rec.LabelStatus != facts.StatusDeployed {
		t.Fatalf("record %+v, %v", rec, err)
	}
	for _, version := range []int{3, 4} {
		if out, errs, code := c.HelmRun(t, kubetest.Helm(t, version), c.Kubeconfig(), ns, "status", "web"); code != 0 {
			t.Errorf("Helm %d: %s%s", version, out, errs)
		}
	}
}

func TestPurgeTakesWhatHelmDoesNotSee(t *testing.T) {
	c := kubetest.Connect(t)
	r, ns := storedRelease(t, c, 4)
	relabelByHand(t, c, ns, 1, `{"name":null}`)
	relabelByHand(t, c, ns, 2, `{"owner":null}`)
	for _, revision := range []int{3, 4} {
		_, err := c.Client().CoreV1().Secrets(ns).Patch(t.Context(), recordKey(revision), types.MergePatchType,
			[]byte(`{"data":{"release":"Z2FyYmFnZQ=="}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	records := recordsOf(t, r, 4)
	if err := r.Settle(t.Context(), &records[2], facts.StatusFailed, ""); problem.Of(err).Reason != problem.RecordUnreadable {
		t.Errorf("settled what cannot be decoded: %v", err)
	}
	if copied, err := r.Quarantine(t.Context(), &records[3]); err != nil || copied == "" {
		t.Errorf("quarantined to %q, %v", copied, err)
	}
	records = recordsOf(t, r, 3)
	if others, _, err := r.Others(t.Context(), false); err != nil || len(others) != 0 {
		t.Errorf("others %v, %v", others, err)
	}
	if others, _, err := r.Others(t.Context(), true); err != nil || len(others) != 1 {
		t.Errorf("others %v, %v", others, err)
	}
	if err := r.Purge(t.Context(), records[:2]); !errors.Is(err, facts.ErrChanged) || problem.Of(err).Reason != problem.LiveOperation {
		t.Errorf("purged a record that was not known: %v", err)
	}
	recordsOf(t, r, 3)
	if err := r.Purge(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if err := r.DiscardQuarantined(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := c.Client().CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) != 0 {
		t.Errorf("left %v, %v", secretNames(left.Items), err)
	}
	if err := r.Purge(t.Context(), records); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if r.WriteFailure() != nil {
		t.Error(r.WriteFailure())
	}
}

func secretNames(secrets []corev1.Secret) []string {
	list := make([]string, len(secrets))
	for i := range secrets {
		list[i] = secrets[i].Name
	}
	return list
}
