package helm

import (
	"encoding/json"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/cli-runtime/pkg/resource"
)

// Helm computes what to remove from an object by the revision that was deployed
// last. Fields that a revision set which then failed are in neither that one nor
// the new one, and so would stay for ever: a node selector, say, that no node
// fits. Here an object's original is what was deployed with all that the failed
// revisions put over it.

// buildDead makes objects of the failed revisions' manifests. One that cannot be
// built, since a kind of it is gone, is left out: then Helm's way has to do.
func (c *client) buildDead(manifests []string) {
	for _, m := range manifests {
		built, err := c.Client.Build(strings.NewReader(m), false)
		if err != nil {
			c.Log("leave out the manifest of a failed revision: %v", err)
			continue
		}
		c.dead = append(c.dead, built)
	}
}

// withDead is original with what the failed revisions put over its objects.
func (c *client) withDead(original, target kube.ResourceList) kube.ResourceList {
	for _, dead := range c.dead {
		for _, info := range target {
			over := dead.Get(info)
			if over == nil {
				continue
			}
			under := original.Get(info)
			if under == nil {
				original = append(original, over)
				continue
			}
			object, err := layer(under, over)
			if err != nil { // no patch can be made of it, so it never got to the API server
				c.Log("leave out what a failed revision says of %s %s: %v", info.Mapping.GroupVersionKind.Kind, info.Name, err)
				continue
			}
			with := *under // the list may share it with the target
			with.Object = object
			original = replaced(original, under, &with)
		}
	}
	return original
}

// layer is an object with another one's fields over its own.
func layer(under, over *resource.Info) (runtime.Object, error) {
	base, err := json.Marshal(under.Object)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(over.Object)
	if err != nil {
		return nil, err
	}
	merged, err := merge(under, base, patch)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	return object, object.UnmarshalJSON(merged)
}

// merge knows the merge keys of lists for the kinds that have a Go type.
func merge(info *resource.Info, base, patch []byte) ([]byte, error) {
	versioned := kube.AsVersioned(info)
	if _, generic := versioned.(runtime.Unstructured); generic {
		return jsonpatch.MergePatch(base, patch)
	}
	return strategicpatch.StrategicMergePatch(base, patch, versioned)
}

func replaced(list kube.ResourceList, old, now *resource.Info) kube.ResourceList {
	out := make(kube.ResourceList, len(list))
	for i, info := range list {
		if info == old {
			info = now
		}
		out[i] = info
	}
	return out
}
