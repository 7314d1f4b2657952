package health

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
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
