package helm

import (
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
)

// applied returns the objects of a list as the API server returned them or,
// where it returned nothing, with their kind, namespace and name alone.
func applied(list kube.ResourceList) manifest.Objects {
	out := make(manifest.Objects, 0, len(list))
	for _, info := range list {
		u, ok := info.Object.(*unstructured.Unstructured)
		if !ok || u.GetUID() == "" {
			u = &unstructured.Unstructured{}
			u.SetNamespace(info.Namespace)
			u.SetName(info.Name)
		}
		u.SetGroupVersionKind(info.Mapping.GroupVersionKind)
		out = append(out, u)
	}
	return out
}

// named returns a list's objects by their names and UIDs alone. A UID that is not
// known is left out.
func named(list kube.ResourceList, uids map[facts.Ref]types.UID) manifest.Objects {
	out := make(manifest.Objects, 0, len(list))
	for _, info := range list {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(info.Mapping.GroupVersionKind)
		u.SetNamespace(info.Namespace)
		u.SetName(info.Name)
		u.SetUID(uids[refOf(info)])
		out = append(out, u)
	}
	return out
}

// refs returns the references of a list's objects.
func refs(list kube.ResourceList) []facts.Ref {
	out := make([]facts.Ref, 0, len(list))
	for _, info := range list {
		out = append(out, refOf(info))
	}
	return out
}

func refOf(info *resource.Info) facts.Ref {
	apiVersion, kind := info.Mapping.GroupVersionKind.ToAPIVersionAndKind()
	return facts.Ref{APIVersion: apiVersion, Kind: kind, Namespace: info.Namespace, Name: info.Name}
}

// names returns kind/name of each object.
func names(refs []facts.Ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = nameOf(r)
	}
	return out
}

func nameOf(r facts.Ref) string { return r.In(r.Namespace) }
