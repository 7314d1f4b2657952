package helm

import (
	"encoding/json"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// inventory returns a manifest of the objects that an uninstall deletes, in
// Helm's order for an uninstall, each in a version that the API server has. In
// missing are those whose kind it has no more. mapper must tell "no match" from
// a failed discovery.
//
// Objects with the resource policy "keep" are left out. Helm deletes no object
// that has any resource policy, and names only those whose policy is "keep"
// (https://github.com/helm/helm/issues/12048).
func inventory(stored string, mapper meta.RESTMapper) (objects string, missing []string, err error) {
	_, files, err := releaseutil.SortManifests(releaseutil.SplitManifests(stored), nil, releaseutil.UninstallOrder)
	if err != nil {
		return "", nil, err
	}
	var all strings.Builder
	for _, file := range files {
		found, err := manifest.Parse(file.Content)
		if err != nil {
			return "", nil, err
		}
		for _, o := range found {
			if ownership.KeptByPolicy(o.GetAnnotations()) {
				continue
			}
			gvk := o.GroupVersionKind()
			mapping, err := manifest.MappingFor(mapper, gvk)
			switch {
			case meta.IsNoMatchError(err):
				missing = append(missing, fmt.Sprintf("%s/%s (%s)", gvk.Kind, o.GetName(), gvk.GroupVersion()))
				continue
			case err != nil:
				return "", nil, fmt.Errorf("find the resource of %s %s: %w", gvk.Kind, o.GetName(), err)
			}
			if err := writeIdentity(&all, o, mapping.GroupVersionKind); err != nil {
				return "", nil, err
			}
		}
	}
	return all.String(), missing, nil
}

// writeIdentity writes a document with what a deletion needs to know of an object.
func writeIdentity(to *strings.Builder, o *unstructured.Unstructured, as schema.GroupVersionKind) error {
	apiVersion, kind := as.ToAPIVersionAndKind()
	document, err := json.Marshal(map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]string{"name": o.GetName(), "namespace": o.GetNamespace()},
	})
	to.WriteString("\n---\n")
	to.Write(document)
	return err
}
