package kube

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// lookUp goes one field down in the schema, which is nil where none is known.
func lookUp(schema strategicpatch.LookupPatchMeta, key string, value any) (strategicpatch.LookupPatchMeta, strategicpatch.PatchMeta) {
	if schema == nil {
		return nil, strategicpatch.PatchMeta{}
	}
	var below strategicpatch.LookupPatchMeta
	var list strategicpatch.PatchMeta
	var err error
	switch value.(type) {
	case map[string]any:
		below, list, err = schema.LookupPatchMetadataForStruct(key)
	case []any:
		below, list, err = schema.LookupPatchMetadataForSlice(key)
	default:
		return nil, strategicpatch.PatchMeta{}
	}
	if err != nil { // below a map of plain values, or a type that has no fields
		return nil, strategicpatch.PatchMeta{}
	}
	return below, list
}

// equalScalar compares numbers by their value: YAML's 1 and JSON's 1.0 are one.
func equalScalar(a, b any) bool {
	x, xok := number(a)
	y, yok := number(b)
	if xok && yok {
		return x == y
	}
	switch b.(type) {
	case map[string]any, []any:
		return false // not comparable, and never a scalar's equal
	}
	return a == b
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// isZero says that a value is as good as absent.
func isZero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, below := range v {
			if !isZero(below) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	case bool:
		return !v
	case string:
		return v == ""
	}
	n, ok := number(v)
	return ok && n == 0
}

func join(path, key string) string {
	if strings.ContainsAny(key, "./") {
		key = "[" + key + "]"
		return path + key
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// target names what a HorizontalPodAutoscaler scales.
type target struct{ kind, name string }

func scaleTarget(o *unstructured.Unstructured) target { return target{o.GetKind(), o.GetName()} }

// autoscaled finds what the manifest's own autoscalers scale: there the number
// of replicas is theirs to choose.
func autoscaled(objects []*unstructured.Unstructured) map[target]bool {
	scaled := make(map[target]bool)
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
		scaled[target{ref["kind"], ref["name"]}] = true
	}
	return scaled
}

// scaledByController says that an autoscaler from outside the manifest has set
// the replicas. A person with kubectl scale uses the same subresource and is
// drift.
func scaledByController(live *unstructured.Unstructured) bool {
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
