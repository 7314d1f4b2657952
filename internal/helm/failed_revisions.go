package helm

import (
	"encoding/json"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/cli-runtime/pkg/resource"
)

// failedRevisions are the objects of the revisions that failed since one was
// deployed, oldest first.
//
// Helm finds the fields to remove from an object by comparing the new manifest
// with the one that was deployed last. A field that only a failed revision has
// set is in neither, so it would stay for ever: a node selector, say, that fits
// no node. Berth compares with the deployed manifest and the failed ones merged
// over it.
type failedRevisions []kube.ResourceList

// buildFailedRevisions builds the objects of manifests. A manifest that cannot be
// built is logged and left out: its fields stay, as with Helm.
func buildFailedRevisions(c *client, manifests []string) failedRevisions {
	var all failedRevisions
	for _, m := range manifests {
		built, err := c.buildStored(m, false)
		if err != nil {
			c.log("leave out the manifest of a failed revision: %v", err)
			continue
		}
		all = append(all, built)
	}
	return all
}

// over returns the original objects with what the failed revisions set on those
// of target merged over them. original itself is not changed.
func (f failedRevisions) over(original, target kube.ResourceList, log func(string, ...any)) kube.ResourceList {
	for _, revision := range f {
		for _, info := range target {
			failed := revision.Get(info)
			if failed == nil {
				continue
			}
			base := original.Get(info)
			if base == nil {
				original = append(original, failed)
				continue
			}
			object, err := mergeObjects(base, failed)
			if err != nil { // Helm could make no patch of it either, so it never reached the API server
				log("leave out what a failed revision says of %s %s: %v", info.Mapping.GroupVersionKind.Kind, info.Name, err)
				continue
			}
			merged := *base // original may share base with target
			merged.Object = object
			original = replace(original, base, &merged)
		}
	}
	return original
}

// mergeObjects returns the base object with the other's fields merged over it.
func mergeObjects(base, over *resource.Info) (runtime.Object, error) {
	baseJSON, err := json.Marshal(base.Object)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(over.Object)
	if err != nil {
		return nil, err
	}
	merged, err := mergePatch(base, baseJSON, patch)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	err = object.UnmarshalJSON(merged)
	return object, err
}

// mergePatch merges lists by their merge keys where the kind has a Go type, and
// replaces them otherwise, as Helm's patches do.
func mergePatch(info *resource.Info, base, patch []byte) ([]byte, error) {
	versioned := kube.AsVersioned(info)
	if _, generic := versioned.(runtime.Unstructured); generic {
		return jsonpatch.MergePatch(base, patch)
	}
	return strategicpatch.StrategicMergePatch(base, patch, versioned)
}

// replace returns a copy of list with old replaced.
func replace(list kube.ResourceList, old, by *resource.Info) kube.ResourceList {
	out := make(kube.ResourceList, len(list))
	for i, info := range list {
		if info == old {
			info = by
		}
		out[i] = info
	}
	return out
}
