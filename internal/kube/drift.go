package kube

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/ownership"
)

// driftShown bounds how many differing fields are named.
const driftShown = 8

// drift says where a live object differs from what the manifest asks for, by
// the paths of the fields (never their values: they may be secret). It is empty
// when applying the manifest again would change nothing.
//
// That is what Helm's three-way patch of the manifest over itself and the live
// object is meant to tell, but its patch is not empty for many a healthy object:
// quantities in another spelling (1000m), explicit zeros, stringData, and every
// list without a merge key in whose items the server sets defaults (a
// StatefulSet's volumeClaimTemplates). So the question is asked directly: is all
// that the manifest says, in the server's spelling, in the live object?
func drift(rendered, live *unstructured.Unstructured, release, namespace string, scaled bool) string {
	want := rendered.DeepCopy()
	claim(want, ownership.Release{Namespace: namespace, Name: release})
	forgetServerFields(want)
	if scaled || scaledByController(live) {
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

// claim sets what Helm sets on an object of a release before it applies it.
func claim(o *unstructured.Unstructured, r ownership.Release) {
	o.SetLabels(ownership.Merge(o.GetLabels(), r.Labels()))
	o.SetAnnotations(ownership.Merge(o.GetAnnotations(), r.Annotations()))
}

// forgetServerFields drops what the server sets whatever a manifest says, and
// writes a Secret's stringData the way it is stored.
func forgetServerFields(o *unstructured.Unstructured) {
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
		// It fails only where data is no map, which no Secret that exists had.
		_ = unstructured.SetNestedField(o.Object, base64.StdEncoding.EncodeToString([]byte(v)), "data", k)
	}
}
