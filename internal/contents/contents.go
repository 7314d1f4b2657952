// Package contents compares live objects with what the manifest of a release says
// of them.
//
// It is pure: it makes no client and knows no clock.
package contents

import (
	"encoding/base64"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// Options is what a comparison has to know beside the two objects.
type Options struct {
	Release ownership.Release // whose object it is to be
	Scaled  bool              // an autoscaler of the manifest chooses its replicas
}

// Compare returns where a live object is not as the manifest's object want says, in
// the server's spelling. Neither object is changed.
//
// Helm's three-way patch of the manifest over itself and the live object is meant
// to tell the same, but it is not empty for many a healthy object: quantities in
// another spelling (1000m), explicit zeros, stringData, and every list without a
// merge key in whose items the server sets defaults (a StatefulSet's
// volumeClaimTemplates). So what is compared is whether all that the manifest
// says is in the live object.
func Compare(want, live *unstructured.Unstructured, o Options) facts.Contents {
	want = want.DeepCopy()
	setOwnership(want, o.Release)
	removeServerFields(want)
	if o.Scaled || isScaledByController(live) {
		unstructured.RemoveNestedField(want.Object, "spec", "replicas")
	}
	c := comparison{}
	c.compareObject(want, live)
	slices.Sort(c.paths)
	var out facts.Contents
	for _, path := range slices.Compact(c.paths) {
		out.Differences = append(out.Differences, facts.Difference{Path: path})
	}
	return out
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

// Scaled is what the autoscalers of a manifest scale.
type Scaled map[scaleTarget]bool

type scaleTarget struct{ kind, name string }

// Has returns whether an autoscaler chooses the replicas of the object.
func (s Scaled) Has(o *unstructured.Unstructured) bool {
	return s[scaleTarget{o.GetKind(), o.GetName()}]
}

// Autoscaled returns what the autoscalers among the objects scale.
func Autoscaled(objects []*unstructured.Unstructured) Scaled {
	scaled := Scaled{}
	for _, o := range objects {
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
