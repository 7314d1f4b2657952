package helm

import (
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/manifest"
)

// claimant is a StatefulSet that a list has, with the templates of its claims.
type claimant struct {
	namespace, name string
	templates       []string
}

// claimants returns the StatefulSets of a list that claim.
func claimants(list kube.ResourceList) (all []claimant) {
	for _, info := range list {
		o, ok := info.Object.(*unstructured.Unstructured)
		if gvk := info.Mapping.GroupVersionKind; !ok || gvk.Group != "apps" || gvk.Kind != "StatefulSet" {
			continue
		}
		set := claimant{namespace: info.Namespace, name: info.Name}
		templates, _, _ := unstructured.NestedSlice(o.Object, "spec", "volumeClaimTemplates")
		for _, t := range templates {
			template, _ := t.(map[string]any)
			name, _, _ := unstructured.NestedString(template, "metadata", "name")
			set.templates = append(set.templates, name)
		}
		all = append(all, set)
	}
	return all
}

// claimedBy returns why a claim that the manifest has no more stays, or "": a StatefulSet of the
// release has it as its own, by its name, and the data in it.
func (n needed) claimedBy(info *resource.Info) string {
	if !isClaim(info) {
		return ""
	}
	at := slices.IndexFunc(n.claims, func(c claimant) bool {
		return c.namespace == info.Namespace && manifest.NamesClaim(c.templates, c.name, info.Name)
	})
	if at < 0 {
		return ""
	}
	return "StatefulSet/" + n.claims[at].name + " of the release has it as its claim"
}

// namedBy returns why a claim that the manifest has no more stays, or "": pods of the release mount
// it by its name, and the data in it.
func (n needed) namedBy(info *resource.Info) string {
	if !isClaim(info) {
		return ""
	}
	if by := manifest.Naming(n.objects, refOf(info), n.namespace); by != "" {
		return by + " of the release names it"
	}
	return ""
}
