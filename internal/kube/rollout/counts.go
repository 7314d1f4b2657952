package rollout

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// counts are how many of an object's pods or completions are ready, and how many
// it wants; 0 of 0 where its kind counts none. Pods of a revision before are
// left out, all of them taken for ready as long as nobody says which are.
func counts(u *unstructured.Unstructured) (ready, wanted int) {
	if u == nil {
		return 0, 0
	}
	switch u.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}, schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		wanted = number(u, 1, "spec", "replicas")
		ready = number(u, 0, "status", "readyReplicas")
		if !partial(u) {
			ready -= number(u, 0, "status", "replicas") - number(u, 0, "status", "updatedReplicas")
		}
	case schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}:
		wanted = number(u, 1, "spec", "replicas")
		ready = number(u, 0, "status", "readyReplicas")
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		wanted = number(u, 0, "status", "desiredNumberScheduled")
		ready = number(u, 0, "status", "numberReady")
		if !partial(u) {
			ready -= number(u, 0, "status", "currentNumberScheduled") - number(u, 0, "status", "updatedNumberScheduled")
		}
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		wanted = number(u, 1, "spec", "completions")
		return min(number(u, 0, "status", "succeeded"), wanted), wanted
	}
	if number(u, 0, "status", "observedGeneration") < int(u.GetGeneration()) {
		ready = 0 // it tells of what was before
	}
	return min(max(ready, 0), wanted), wanted
}

// partial says that pods of the revision before may stay: on purpose, they count.
func partial(u *unstructured.Unstructured) bool {
	strategy, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type")
	return strategy == "OnDelete" || number(u, 0, "spec", "updateStrategy", "rollingUpdate", "partition") > 0
}

func number(u *unstructured.Unstructured, otherwise int, fields ...string) int {
	n, found, err := unstructured.NestedInt64(u.Object, fields...)
	if !found || err != nil {
		return otherwise
	}
	return int(n)
}

// holding is what the first of the pods that are not ready waits for, and which
// that is.
func holding(pods []*corev1.Pod, events map[types.UID][]happening) string {
	for _, p := range pods {
		reason := PodReason(p)
		if reason == "" {
			continue
		}
		all := events[p.UID]
		if len(all) > 0 && all[len(all)-1].Reason == "Pulling" && strings.HasSuffix(reason, unstarted) {
			reason = all[len(all)-1].Message // "Pulling image …": the status itself never says so
		}
		return fmt.Sprintf("pod %s: %s", p.Name, reason)
	}
	return ""
}
