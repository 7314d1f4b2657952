package needs

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Without these a rollout is followed all the same, by reading each object again and again, and what
// is told of its failure is less.
const (
	whyFollow  = "follow the rollout without reading each object again and again"
	whyPods    = "tell which pod is not ready, and why"
	whyLogs    = "show what a container printed that fails"
	whyEvents  = "tell what Kubernetes says of a rollout that does not go on"
	whyReplica = "tell the pods of a Deployment's present revision from those before it, and why none are made"
)

// follow adds what it takes to follow an object until it is ready, and to explain why it is not.
func (l *list) follow(o object, how levels) {
	if !waits(o) {
		return
	}
	l.need(o, "list", how, whyFollow)
	l.need(o, "watch", how, whyFollow)
	l.beside(o, "list", "", "events", how, whyEvents)
	if !hasPods(o) && !isPod(o) {
		return
	}
	l.beside(o, "list", "", "pods", how, whyPods)
	l.beside(o, "watch", "", "pods", how, whyPods)
	l.beside(o, "get", "", "pods/log", how, whyLogs)
	if o.Group == "apps" && o.GetKind() == "Deployment" {
		l.beside(o, "list", "apps", "replicasets", how, whyReplica)
	}
}

// waits returns whether an object may take a while to be ready.
func waits(o object) bool {
	kind := o.GetKind()
	switch {
	case hasPods(o), isPod(o):
		return true
	case o.Group == "" && kind == "Service":
		is, _, _ := unstructured.NestedString(o.Object, "spec", "type")
		return is == "LoadBalancer"
	case o.Group == "" && kind == "PersistentVolumeClaim", o.Group == "apiextensions.k8s.io":
		return true
	}
	return !isBuiltIn(o.GroupVersionKind())
}

// hasPods returns whether an object is a workload.
func hasPods(o object) bool {
	switch o.Group {
	case "apps":
		return slices.Contains([]string{"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}, o.GetKind())
	case "":
		return o.GetKind() == "ReplicationController"
	}
	return isJob(o)
}

func isJob(o object) bool { return o.Group == "batch" && o.GetKind() == "Job" }

func isPod(o object) bool { return o.Group == "" && o.GetKind() == "Pod" }

// hasClaims returns whether an object is a StatefulSet that makes claims.
func hasClaims(o object) bool {
	templates, _, _ := unstructured.NestedSlice(o.Object, "spec", "volumeClaimTemplates")
	return o.Group == "apps" && o.GetKind() == "StatefulSet" && len(templates) > 0
}
