package objects

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/ownership"
)

// driftShown bounds how many differing fields are named.
const driftShown = 8

// drift returns where a live object differs from the manifest's: the paths of the
// fields, such as "spec.replicas, data.url", never their values, which may be
// secret. It is empty when applying the manifest again would change nothing.
// With scaled, spec.replicas is not compared.
//
// Helm's three-way patch of the manifest over itself and the live object is meant
// to tell the same, but it is not empty for many a healthy object: quantities in
// another spelling (1000m), explicit zeros, stringData, and every list without a
// merge key in whose items the server sets defaults (a StatefulSet's
// volumeClaimTemplates). So what is compared is whether all that the manifest
// says, in the server's spelling, is in the live object.
func drift(manifest, live *unstructured.Unstructured, release ownership.Release, scaled bool) string {
	want := manifest.DeepCopy()
	setOwnership(want, release)
	removeServerFields(want)
	if scaled || isScaledByController(live) {
		unstructured.RemoveNestedField(want.Object, "spec", "replicas")
	}
	c := comparison{}
	c.compareObject(want, live)
	slices.Sort(c.paths)
	paths := slices.Compact(c.paths)
	if len(paths) > driftShown {
		paths = append(paths[:driftShown:driftShown], fmt.Sprintf("and %d more", len(paths)-driftShown))
	}
	return strings.Join(paths, ", ")
}

// setOwnership sets what Helm sets on an object of a release before it applies it.
func setOwnership(o *unstructured.Unstructured, r ownership.Release) {
	o.SetLabels(ownership.Merge(o.GetLabels(), r.Labels()))
	o.SetAnnotations(ownership.Merge(o.GetAnnotations(), r.Annotations()))
}

// removeServerFields removes what the server sets whatever a manifest says, and
// turns a Secret's stringData into data, as the server stores it.
func removeServerFields(o *unstructured.Unstructured) {
	unstructured.RemoveNestedField(o.Object, "status")
	for _, f := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid", "namespace"} {
		unstructured.RemoveNestedField(o.Object, "metadata", f)
	}
	if o.GetKind() != "Secret" || o.GetAPIVersion() != "v1" {
		return
	}
	plain, _, err := unstructured.NestedStringMap(o.Object, "stringData")
	if err != nil || plain == nil {
		return
	}
	unstructured.RemoveNestedField(o.Object, "stringData")
	for k, v := range plain {
		// It fails only where data is no map, and the server takes no such Secret.
		_ = unstructured.SetNestedField(o.Object, base64.StdEncoding.EncodeToString([]byte(v)), "data", k)
	}
}

// scaleTarget is what an autoscaler scales.
type scaleTarget struct{ kind, name string }

func scaleTargetOf(o *unstructured.Unstructured) scaleTarget {
	return scaleTarget{o.GetKind(), o.GetName()}
}

// autoscaled returns what the autoscalers among the objects scale. The number of
// replicas is theirs to choose.
func autoscaled(objects []*unstructured.Unstructured) map[scaleTarget]bool {
	scaled := make(map[scaleTarget]bool)
	for _, o := range objects {
		if o.GetKind() != "HorizontalPodAutoscaler" && o.GetKind() != "ScaledObject" {
			continue
		}
		ref, _, err := unstructured.NestedStringMap(o.Object, "spec", "scaleTargetRef")
		if err != nil || ref["name"] == "" {
			continue
		}
		if ref["kind"] == "" { // KEDA's default
			ref["kind"] = "Deployment"
		}
		scaled[scaleTarget{ref["kind"], ref["name"]}] = true
	}
	return scaled
}

// isScaledByController reports whether an autoscaler that is not in the manifest
// has set the replicas. A person with kubectl scale writes the same subresource,
// but that is drift.
func isScaledByController(live *unstructured.Unstructured) bool {
	for _, f := range live.GetManagedFields() {
		if f.Subresource == "scale" && isAutoscaler(f) && f.FieldsV1 != nil &&
			strings.Contains(f.FieldsV1.GetRawString(), `"f:replicas"`) {
			return true
		}
	}
	return false
}

func isAutoscaler(f metav1.ManagedFieldsEntry) bool {
	return strings.HasPrefix(f.Manager, "kube-controller-manager") || strings.HasPrefix(f.Manager, "keda")
}
