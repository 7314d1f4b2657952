package manifest

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// IsRecord returns whether an object is one that Helm takes for a release's record: a Secret or ConfigMap
// by its name, its type or its label.
func IsRecord(o *unstructured.Unstructured) bool {
	if kind := o.GetKind(); o.GetAPIVersion() != "v1" || kind != "Secret" && kind != "ConfigMap" {
		return false
	}
	is, _, _ := unstructured.NestedString(o.Object, "type")
	return strings.HasPrefix(o.GetName()+o.GetGenerateName(), "sh.helm.release.v") || is == "helm.sh/release.v1" ||
		o.GetLabels()["owner"] == "helm"
}
