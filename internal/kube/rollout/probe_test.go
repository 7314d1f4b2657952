package rollout

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// The ReplicaSet of an earlier revision is not taken for that of the present one
// while the latter cannot be found.
func TestProbeKnowsTheReplicaSetThatItFound(t *testing.T) {
	owner := `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ns, uid: owner, generation: 2,
		annotations: {deployment.kubernetes.io/revision: "2"}}, spec: {selector: {matchLabels: {app: web}}}, status: {observedGeneration: 2}}`
	for name, c := range map[string]struct {
		exists bool
		want   replicaSet
	}{
		"it is found":     {true, replicaSet{"web-2", "2", "FailedCreate: quota"}},
		"it is not there": {false, replicaSet{name: "web-1", revision: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			sets := []runtime.Object{aReplicaSet(t, 1)}
			if c.exists {
				sets = append(sets, aReplicaSet(t, 2))
			}
			tr := unready(object(t, owner), false)
			tr.findPods(tr.target.live)
			tr.replicaSet = replicaSet{"web-1", "1", "FailedCreate: an old one"}
			f := tr.newProbe().run(t.Context(), fake.NewClientset(sets...))
			if f.replicaSet != c.want {
				t.Errorf("got %+v, want %+v", f.replicaSet, c.want)
			}
			tr.replicaSet = f.replicaSet
			if tr.replicaSetOutdated() == c.exists {
				t.Errorf("the ReplicaSet of revision %s is outdated: %t", f.replicaSet.revision, !c.exists)
			}
		})
	}
}

// aReplicaSet returns the ReplicaSet of a revision of the Deployment web, whose pods
// are refused.
func aReplicaSet(t *testing.T, revision int) *appsv1.ReplicaSet {
	t.Helper()
	rs := &appsv1.ReplicaSet{}
	if err := yaml.Unmarshal(fmt.Appendf(nil, `{metadata: {name: web-%d, namespace: ns, labels: {app: web},
		annotations: {deployment.kubernetes.io/revision: "%d"}, ownerReferences: [{uid: owner, controller: true}]}}`,
		revision, revision), rs); err != nil {
		t.Fatal(err)
	}
	rs.Status.Conditions = []appsv1.ReplicaSetCondition{
		{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "quota"},
	}
	return rs
}
