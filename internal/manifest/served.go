package manifest

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// moved are the kinds that went from one group to another. Their old group is served
// no more, and a manifest that names it means the same object.
var moved = map[schema.GroupKind]string{
	{Group: "extensions", Kind: "Deployment"}:    "apps",
	{Group: "extensions", Kind: "DaemonSet"}:     "apps",
	{Group: "extensions", Kind: "ReplicaSet"}:    "apps",
	{Group: "extensions", Kind: "Ingress"}:       "networking.k8s.io",
	{Group: "extensions", Kind: "NetworkPolicy"}: "networking.k8s.io",
}

// MappingFor returns the resource of a kind in the given version or, where the
// API server no longer has that, in the version that the server prefers: the
// object is the same. Its error matches meta.IsNoMatchError where the server has
// no such kind at all.
func MappingFor(m meta.RESTMapper, gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := m.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		mapping, err = m.RESTMapping(gvk.GroupKind())
	}
	if to, ok := moved[gvk.GroupKind()]; ok && meta.IsNoMatchError(err) {
		mapping, err = m.RESTMapping(schema.GroupKind{Group: to, Kind: gvk.Kind})
	}
	return mapping, err
}

// InVersion returns the object as one of the version that is served in place of its
// own, with the fields that its kind has there: what the API server would drop is
// dropped. Where a field has become one of another type, fits is false, and the object
// has its metadata alone.
func InVersion(o *unstructured.Unstructured, served schema.GroupVersionKind) (converted *unstructured.Unstructured, fits bool) {
	converted = o.DeepCopy()
	converted.SetGroupVersionKind(served)
	typed, err := scheme.Scheme.New(served)
	if err != nil { // a custom resource, whose fields nobody knows here
		return converted, true
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(converted.Object, typed); err == nil {
		if known, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed); err == nil {
			converted.Object, _ = common(converted.Object, known).(map[string]any)
			return converted, true
		}
	}
	bare := map[string]any{"metadata": converted.Object["metadata"]}
	converted.Object = bare
	converted.SetGroupVersionKind(served)
	return converted, false
}

// common returns of raw what known has as well. Zeros, which a type leaves out, go too:
// they mean that nothing is set.
func common(raw, known any) any {
	switch raw := raw.(type) {
	case map[string]any:
		known, _ := known.(map[string]any)
		kept := make(map[string]any, len(raw))
		for k, v := range raw {
			if inner, ok := known[k]; ok {
				kept[k] = common(v, inner)
			}
		}
		return kept
	case []any:
		known, ok := known.([]any)
		if !ok || len(known) != len(raw) {
			return raw
		}
		kept := make([]any, len(raw))
		for i := range raw {
			kept[i] = common(raw[i], known[i])
		}
		return kept
	}
	return raw
}
