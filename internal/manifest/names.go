package manifest

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

// namedBy is what is in the names of the fields, in lower case, by which objects name those of a
// kind: claimName of a pod's volume, the name in a secretRef, existingSecret of a custom resource.
var namedBy = map[string]string{
	"PersistentVolumeClaim": "claim",
	"Secret":                "secret",
	"ConfigMap":             "configmap",
	"ServiceAccount":        "serviceaccount",
	"PersistentVolume":      "volumename",
	"PriorityClass":         "priorityclass",
	"StorageClass":          "storageclass",
	"IngressClass":          "ingressclass",
	"RuntimeClass":          "runtimeclass",
}

// NamedLater returns, for each of a release's manifests, oldest first, those of its objects that a
// later one names, as a pod does the claim that it mounts, and that the last one does not have.
// What cannot be parsed has and names nothing.
func NamedLater(manifests []string, namespace string) [][]facts.Named {
	all, named := make([]Objects, len(manifests)), make([][]facts.Named, len(manifests))
	for i, text := range manifests {
		all[i], _ = Parse(text)
	}
	for i, objects := range all {
		for _, o := range objects {
			if last := all[len(all)-1]; last.have(o, namespace) {
				continue
			}
			ref := RefOf(o)
			ref.Namespace = cmp.Or(ref.Namespace, namespace)
			if by := Naming(slices.Concat(all[i+1:]...), ref, namespace); by != "" {
				named[i] = append(named[i], facts.Named{Ref: ref, By: by})
			}
		}
	}
	return named
}

// have returns whether an object is among these, in whatever version.
func (all Objects) have(o *unstructured.Unstructured, namespace string) bool {
	return slices.ContainsFunc(all, func(has *unstructured.Unstructured) bool {
		return has.GetKind() == o.GetKind() && has.GetName() == o.GetName() &&
			cmp.Or(has.GetNamespace(), namespace) == cmp.Or(o.GetNamespace(), namespace)
	})
}

// Naming returns which of a release's objects names another one, or "". One that names none of
// another namespace than its own means its own.
func Naming(objects Objects, to facts.Ref, namespace string) string {
	to.Namespace = cmp.Or(to.Namespace, namespace)
	for _, o := range objects {
		own := cmp.Or(o.GetNamespace(), namespace)
		if (naming{to, own == to.Namespace}).in(o.Object, "") {
			return facts.Ref{Kind: o.GetKind(), Name: o.GetName()}.String()
		}
	}
	return ""
}

// naming looks for the name of an object in what another one says.
type naming struct {
	to   facts.Ref
	here bool // the other one is of its namespace
}

// in returns whether a value names the object. field is the one whose value it is, or is in a list.
func (n naming) in(value any, field string) bool {
	switch v := value.(type) {
	case string:
		return n.means(field) && (n.here && v == n.to.Name || v == n.to.Namespace+"/"+n.to.Name)
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return n.in(one, field) })
	case map[string]any:
		if n.isReference(v) {
			return true
		}
		for key, inner := range v {
			if key == "name" { // in a secretRef
				key = field
			}
			if !isLabels(key) && n.in(inner, key) {
				return true
			}
		}
	}
	return false
}

// isReference returns whether a value has kind and name of the object, as a roleRef has.
func (n naming) isReference(v map[string]any) bool {
	kind, _ := v["kind"].(string)
	name, _ := v["name"].(string)
	in, given := v["namespace"].(string)
	return kind == n.to.Kind && name == n.to.Name && (given && in == n.to.Namespace || !given && n.here)
}

// means returns whether the value of a field is the name of an object of the kind.
func (n naming) means(field string) bool {
	part := namedBy[n.to.Kind]
	return part != "" && strings.Contains(strings.ToLower(field), part)
}

func isLabels(field string) bool {
	return field == "labels" || field == "matchLabels" || field == "selector" || field == "nodeSelector"
}
