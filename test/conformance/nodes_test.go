//go:build conformance

package conformance

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// lostNodes are the rows about this: a node that is not ready is named and given time.
var lostNodes = []row{
	{ID: "T156", Setup: "a node that is not ready, and comes back after 40 s", Action: "deploy",
		End: "v1 deployed; the node was named meanwhile", Exit: "0", Slow: true, run: func(s *fixture) {
			s.asAdmin()
			node := s.ownNode()
			node.down()
			run := s.start("deploy", node.only()...)
			s.until(run, "node "+node.name+" is not ready")
			back := time.After(40 * time.Second)
			select {
			case <-run.done:
				s.t.Errorf("it ended with %s while the node was gone", run)
			case <-back:
			}
			node.up()
			run.wait(runLimit).exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "T157", Setup: "v1, and its node is lost", Action: "teardown, and again when the node is deleted",
		End: "the pods and their node are named; then gone", Exit: "28, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			node := s.ownNode()
			s.berth("deploy", node.only()...).exit(0)
			node.down()
			s.berth("teardown", "--timeout", "8s").exit(28).says("pod web-", "node "+node.name+" is not ready", "Fix the node")
			node.up()
			s.berth("teardown").exit(0)
		}},
}

// ownNode is a node of the row's own: no other pod tolerates it.
type ownNode struct {
	s    *fixture
	name string
}

const simulated = "sim.berth.dev/kubelet" // see test/cluster

func (s *fixture) ownNode() ownNode {
	s.t.Helper()
	nodes := s.Client().CoreV1().Nodes()
	first, err := nodes.Get(s.t.Context(), "node-1", metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	name := s.namespace
	_, err = nodes.Create(s.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{simulated: "", corev1.LabelHostname: name}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: "row", Value: name, Effect: corev1.TaintEffectNoSchedule}}},
		Status:     first.Status,
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = nodes.Delete(context.WithoutCancel(s.t.Context()), name, metav1.DeleteOptions{}) })
	return ownNode{s, name}
}

// only has the app run on the node, and be placed on it without the scheduler's help.
func (n ownNode) only() []string {
	return []string{"--set", "node=" + n.name}
}

// down has the node's kubelet fall silent, and the node be marked as Kubernetes does.
func (n ownNode) down() {
	n.mark("null", corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status.")
}

func (n ownNode) up() { n.mark(`""`, corev1.ConditionTrue, "KubeletReady", "simulated") }

func (n ownNode) mark(label string, ready corev1.ConditionStatus, reason, message string) {
	n.s.t.Helper()
	nodes := n.s.Client().CoreV1().Nodes()
	patches := map[string]string{
		"": `{"metadata": {"labels": {"` + simulated + `": ` + label + `}}}`,
		"status": `{"status": {"conditions": [{"type": "Ready", "status": "` + string(ready) + `", "reason": "` +
			reason + `", "message": "` + message + `"}]}}`,
	}
	for _, part := range []string{"", "status"} {
		var sub []string
		if part != "" {
			sub = []string{part}
		}
		if _, err := nodes.Patch(n.s.t.Context(), n.name, types.StrategicMergePatchType, []byte(patches[part]), metav1.PatchOptions{},
			sub...); err != nil {
			n.s.t.Fatal(err)
		}
	}
}
