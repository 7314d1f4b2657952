package rollout

import (
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/berth-dev/berth/internal/kube/health"
)

// While the events of the first probe could not be read, those of the second are
// the baseline.
func TestEventsAreCountedFromTheFirstThatWereRead(t *testing.T) {
	for name, c := range map[string]struct {
		owner        string
		priorFailure bool
	}{
		"changed":   {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, uid: owner, generation: 2}}", false},
		"unchanged": {aStatefulSet, true},
	} {
		t.Run(name, func(t *testing.T) {
			tr := unready(object(t, c.owner), c.priorFailure)
			in := &inspector{}
			tr.apply(tr.newProbe().emptyFindings(), time.Now()) // its list of events fails
			refusal := corev1.Event{Reason: "FailedCreate", Message: "exceeded quota: small", Count: 9}
			refusal.UID = "e"
			var history health.History
			for second, want := range []bool{false, false, false, true} {
				if want {
					refusal.Count++
				}
				p := tr.newProbe()
				f := p.emptyFindings()
				f.events[types.UID("owner")] = p.classify([]corev1.Event{refusal}, f.counts)
				tr.apply(f, time.Now())
				var v health.Verdict
				for _, later := range []float64{0, 1.5} { // current or not, it has to last
					at := time.Unix(int64(10*second), 0).Add(time.Duration(later * float64(time.Second)))
					v, history = health.Stalled(in.evidence(tr), history, at)
				}
				if (v.Stalled != "") != want {
					t.Errorf("probe %d: %+v", second+2, v)
				}
			}
		})
	}
}

// Each of the targets that are stalled is named once it was read again, and no
// other is.
func TestEvaluateNamesWhatIsConfirmed(t *testing.T) {
	lost := "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, uid: owner}, status: {phase: Lost}}"
	first, second := unready(object(t, lost), false), unready(object(t, lost), false)
	in := &inspector{failFast: true, tracked: []*tracked{first, second}}
	now := time.Unix(1e9, 0)
	if in.evaluate(now) {
		t.Fatal("before it was read again")
	}
	first.confirmed = true
	if in.evaluate(now) {
		t.Error("while the other is read again")
	}
	if !in.evaluate(now.Add(time.Second)) || !first.target.object.Failed || second.target.object.Failed {
		t.Errorf("failed: %t and %t", first.target.object.Failed, second.target.object.Failed)
	}
	second.confirmed = true
	if !in.evaluate(now.Add(time.Second)) || !second.target.object.Failed {
		t.Error("the other is confirmed, too")
	}
}

// A target that is deleted while it is suspected is not probed any more, and what
// its last probe found does not count for the one that follows it.
func TestATargetIsDeletedWhileItIsSuspected(t *testing.T) {
	lost := func(uid string) string {
		return "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, namespace: ns, uid: " + uid + "}, status: {phase: Lost}}"
	}
	for name, deletedAt := range map[string]int{"before its probe": 0, "during its probe": 1, "after its probe": 2} {
		t.Run(name, func(t *testing.T) {
			tr := unready(object(t, lost("owner")), false)
			var running sync.WaitGroup
			in := &inspector{clients: Clients{Clientset: fake.NewClientset()}, failFast: true, tracked: []*tracked{tr},
				results: make(chan probeResult, 1), running: &running}
			tr.target.resource = claimClient(t, lost("owner"))
			now := time.Unix(1e9, 0)
			in.evaluate(now)
			remove := func(step int) {
				if step == deletedAt {
					tr.target.live = nil
				}
			}
			remove(0)
			in.requeue(t.Context(), now)
			remove(1)
			if running.Wait(); len(in.results) > 0 {
				in.handleProbe(<-in.results, now)
			}
			remove(2)
			if in.evaluate(now) || tr.suspected || tr.confirmed {
				t.Fatalf("what does not exist is suspected: %t, confirmed: %t", tr.suspected, tr.confirmed)
			}
			in.requeue(t.Context(), now.Add(probeRarely))
			if running.Wait(); tr.probing {
				t.Fatal("what does not exist is probed")
			}
			tr.target.live = object(t, lost("anew"))
			in.changed(tr.target)
			if in.evaluate(now) || !tr.suspected {
				t.Errorf("made anew, it has failed before it was read again; suspected: %t", tr.suspected)
			}
		})
	}
}

// claimClient returns a client for an object in memory.
func claimClient(t *testing.T, text string) dynamic.ResourceInterface {
	t.Helper()
	claims := corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	return dynamicfake.NewSimpleDynamicClient(scheme.Scheme, object(t, text)).Resource(claims).Namespace("ns")
}

// A deleted pod is removed in its own namespace alone.
func TestHandlePodKeepsNamespacesApart(t *testing.T) {
	in := &inspector{}
	for _, namespace := range []string{"one", "two"} {
		tr := unready(object(t, aStatefulSet), false)
		tr.target.source.namespace = namespace
		tr.selector = labels.Everything()
		tr.pods["db-0"] = aPod(t, "db-0", namespace, "{}")
		in.tracked = append(in.tracked, tr)
	}
	in.handlePod(t.Context(), update{key: key{source{namespace: "two"}, "db-0"}, deleted: true}, time.Now())
	if len(in.tracked[0].pods) != 1 || len(in.tracked[1].pods) != 0 {
		t.Errorf("pods %v and %v", in.tracked[0].pods, in.tracked[1].pods)
	}
}
