package contents

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Scaled is what the autoscalers of a manifest scale.
type Scaled map[scaleTarget]bool

type scaleTarget struct{ kind, name string }

// Has returns whether an autoscaler chooses the replicas of the object.
func (s Scaled) Has(o *unstructured.Unstructured) bool {
	return s[scaleTarget{o.GetKind(), o.GetName()}]
}

// Autoscaled returns what the autoscalers among the objects scale: a
// HorizontalPodAutoscaler, a ScaledObject, or whatever else names a scaleTargetRef.
func Autoscaled(objects []*unstructured.Unstructured) Scaled {
	scaled := Scaled{}
	for _, o := range objects {
		spec, _ := o.Object["spec"].(map[string]any)
		ref, _ := spec["scaleTargetRef"].(map[string]any)
		name, _ := ref["name"].(string)
		kind, _ := ref["kind"].(string)
		if kind == "" { // KEDA's default
			kind = "Deployment"
		}
		if name != "" {
			scaled[scaleTarget{kind, name}] = true
		}
	}
	return scaled
}

// compareDefaultReplicas finds a workload that was scaled to nothing although its
// manifest leaves the replicas to the server, whose default is one.
func (w *walk) compareDefaultReplicas(want *unstructured.Unstructured) {
	isWorkload := want.GetAPIVersion() == "apps/v1" && slices.Contains([]string{"Deployment", "StatefulSet", "ReplicaSet"}, want.GetKind())
	_, set, _ := unstructured.NestedFieldNoCopy(want.Object, "spec", "replicas")
	live, there, _ := unstructured.NestedFieldNoCopy(w.live.Object, "spec", "replicas")
	if isWorkload && !set && there && isZero(live) && !scaledByController(w.live) {
		w.found = append(w.found, finding{path: path{{name: "spec"}, {name: "replicas"}}, want: int64(1), live: live})
	}
}

// scaledByController returns whether an autoscaler that is not in the manifest has
// set the replicas. A person with kubectl scale writes the same subresource, and that
// is a difference.
func scaledByController(live *unstructured.Unstructured) bool {
	for _, w := range writesOf(live) {
		spec, _ := w.fields["f:spec"].(map[string]any)
		_, replicas := spec["f:replicas"]
		if replicas && w.subresource == "scale" && (strings.HasPrefix(w.manager, "kube-controller-manager") ||
			strings.HasPrefix(w.manager, "keda") || strings.Contains(w.manager, "autoscaler")) {
			return true
		}
	}
	return false
}
