package rollout

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// mountFaults is a pod whose volume needs an object that is not there. What else
// keeps a volume from being mounted, a disk that another node still holds say,
// passes.
func mountFaults(f evidence, p *corev1.Pod) []fault {
	events := f.events[p.UID]
	if mounted(p, events) {
		return nil // the event stays when what it tells of has passed
	}
	for _, e := range events {
		if e.Reason != "FailedMount" || !missingObject.MatchString(e.Message) {
			continue
		}
		x := fault{key: string(p.UID) + "/mount", lasts: steady, reason: about(p, "FailedMount: "+told(e.Message))}
		switch {
		case f.inherited(p):
			x.lasts = 4 * f.patience() // the kubelet looks again ever more rarely
		case f.operators || strings.Contains(e.Message, rootCA):
			x.lasts = f.patience()
		}
		return []fault{x}
	}
	return nil
}

// rootCA is what every pod mounts, and a controller brings into a new namespace.
const rootCA = `"kube-root-ca.crt"`

// mounted says that the pod's volumes are: images are pulled after that.
func mounted(p *corev1.Pod, events []happening) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReadyToStartContainers && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return started(p) || slices.ContainsFunc(events, func(e happening) bool { return e.Reason == "Pulling" || e.Reason == "Pulled" })
}
