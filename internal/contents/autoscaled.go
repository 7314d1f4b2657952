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
		w.found = append(w.found, finding{path: replicas, want: int64(1), live: live})
	}
}

var replicas = path{{name: "spec"}, {name: "replicas"}}

// scaledByController returns whether an autoscaler that is not in the manifest has
// set the replicas: by the subresource, or by server-side apply. A person with kubectl
// scale writes the same subresource, and that is a difference.
func scaledByController(live *unstructured.Unstructured) bool {
	writes := writesOf(live)
	for _, w := range writes {
		spec, _ := w.fields["f:spec"].(map[string]any)
		_, replicas := spec["f:replicas"]
		if replicas && w.subresource == "scale" && (strings.HasPrefix(w.manager, "kube-controller-manager") ||
			strings.HasPrefix(w.manager, "keda") || strings.Contains(w.manager, "autoscaler")) {
			return true
		}
	}
	return owners(writes).appliedByOther(replicas) != ""
}

// WithScale returns what the manifest wants of an object, with the replicas that it lives with
// where an autoscaler has chosen them and the manifest says what it said before. was is the
// manifest's object before. None of the objects is changed.
func WithScale(was, want, live *unstructured.Unstructured) *unstructured.Unstructured {
	at := func(o *unstructured.Unstructured) any {
		value, _, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "replicas")
		return value
	}
	before, now, lives := at(was), at(want), at(live)
	if now == nil || !equalPlain(before, now) || isZero(lives) || equalPlain(now, lives) || !scaledByController(live) {
		return want
	}
	scaled := want.DeepCopy()
	_ = unstructured.SetNestedField(scaled.Object, lives, "spec", "replicas") // it has a spec: its replicas
	return scaled
}
