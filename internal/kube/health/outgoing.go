package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// OldPodsGoFirst returns whether a workload makes a pod only when the one before is
// gone: a Deployment with the strategy Recreate, a StatefulSet, and a DaemonSet unless
// it has leave for a second pod on a node.
func OldPodsGoFirst(owner *unstructured.Unstructured) bool {
	switch owner.GetKind() {
	case "Deployment":
		how, _, _ := unstructured.NestedString(owner.Object, "spec", "strategy", "type")
		return how == "Recreate"
	case "StatefulSet":
		return true
	case "DaemonSet":
		surge, _, _ := unstructured.NestedFieldNoCopy(owner.Object, "spec", "updateStrategy", "rollingUpdate", "maxSurge")
		return surge == nil || surge == int64(0) || surge == "0%"
	}
	return false
}

// OldPod returns the first of a workload's pods that has to end before the workload
// makes another, and that in one line, with how long it has for it and what its node
// lacks; nil where none has to.
func OldPod(owner *unstructured.Unstructured, pods []*corev1.Pod, lost LostNodes) (p *corev1.Pod, reason string) {
	if !OldPodsGoFirst(owner) {
		return nil, ""
	}
	for _, p := range pods {
		if p.DeletionTimestamp == nil {
			continue
		}
		reason := "old pod " + p.Name + " has to end first"
		if grace := p.DeletionGracePeriodSeconds; grace != nil && *grace > 0 {
			reason += fmt.Sprintf(", for which it has %d s", *grace)
		}
		return p, join(reason, lost[p.Spec.NodeName])
	}
	return nil, ""
}
