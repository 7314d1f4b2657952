package health

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

func TestNodeLost(t *testing.T) {
	for status, want := range map[string]string{
		"{conditions: [{type: Ready, status: 'True'}, {type: MemoryPressure, status: Unknown}]}": "",
		"{}": "", // it has just been registered
		"{conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown, message: Kubelet stopped posting node status.}]}": "" +
			"node node-2 is not ready: NodeStatusUnknown: Kubelet stopped posting node status.",
		"{conditions: [{type: Ready, status: 'False', reason: KubeletNotReady, message: 'container runtime is down'}]}": "" +
			"node node-2 is not ready: KubeletNotReady: container runtime is down",
	} {
		var n corev1.Node
		if err := yaml.Unmarshal([]byte("{metadata: {name: node-2}, status: "+status+"}"), &n); err != nil {
			t.Fatal(err)
		}
		if got := NodeLost(&n); got != want {
			t.Errorf("NodeLost(%s) = %q, want %q", status, got, want)
		}
	}
}

// Nothing is judged of a pod whose node is not ready, or that waits for such a one.
func TestLostNodesAreGivenTime(t *testing.T) {
	const crashed = "containerStatuses: [{name: app, restartCount: 9, state: {waiting: {reason: InvalidImageName}}}]}"
	lost := LostNodes{"node-2": "node node-2 is not ready: NodeStatusUnknown"}
	for name, c := range map[string]struct {
		pod    string
		lost   LostNodes
		events []Event
		want   string // the reason; and no fault
	}{
		"its node": {"spec: {nodeName: node-2}, status: {" + crashed, lost, nil, "pod web-1: node node-2 is not ready: NodeStatusUnknown"},
		"another":  {"spec: {nodeName: node-1}, status: {" + crashed, lost, nil, ""},
		"none":     {"spec: {nodeName: node-2}, status: {" + crashed, nil, nil, ""},
		"an event": {"spec: {nodeName: node-2}, status: {" + crashed, nil, []Event{{Reason: "Started"}, {Reason: "NodeNotReady"}},
			"pod web-1: node node-2 is not ready"},
		"an event of the past": {"spec: {nodeName: node-2}, status: {" + crashed, nil, []Event{{Reason: "NodeNotReady"},
			{Reason: "Started"}}, ""},
		"no node takes it": {"status: {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, " +
			"message: 1 node(s) had untolerated taint(s)}]}", lost, nil,
			"pod web-1: no node takes it, and node node-2 is not ready: NodeStatusUnknown"},
		"for another reason": {"status: {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, " +
			"message: Insufficient cpu}]}", lost, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var p corev1.Pod
			if err := yaml.Unmarshal([]byte("{metadata: {name: web-1, uid: u}, "+c.pod+"}"), &p); err != nil {
				t.Fatal(err)
			}
			e := Evidence{Pods: []*corev1.Pod{&p}, Lost: c.lost, Events: map[types.UID][]Event{"u": c.events}}
			if faults := podFaults(e, &p, nil); (len(faults) == 0) != (c.want != "") {
				t.Errorf("faults %+v, want none: %t", faults, c.want != "")
			}
			if got := FirstPodReason(e); c.want != "" && got != c.want {
				t.Errorf("the reason is %q, want %q", got, c.want)
			}
		})
	}
}
