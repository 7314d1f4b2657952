package rollout

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

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
				var reason string
				for _, later := range []float64{0, 1.5} { // current or not, it has to last
					at := time.Unix(int64(10*second), 0).Add(time.Duration(later * float64(time.Second)))
					reason, history = health.Stalled(in.evidence(tr, false), history, at)
				}
				if (reason != "") != want {
					t.Errorf("probe %d: %q", second+2, reason)
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
	in.handlePod(update{key: key{source{namespace: "two"}, "db-0"}, deleted: true}, time.Now())
	if len(in.tracked[0].pods) != 1 || len(in.tracked[1].pods) != 0 {
		t.Errorf("pods %v and %v", in.tracked[0].pods, in.tracked[1].pods)
	}
}
