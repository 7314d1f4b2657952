package helm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// inventoried is what an uninstall has to do with, by the release's manifest.
type inventoried struct {
	objects string   // a manifest of what it deletes
	missing []string // of that, what is of a kind which the API server has no more
	// kept is a manifest of what its policy says is to be kept, where something is deleted that could
	// take that along.
	kept string
}

// inventory returns what an uninstall deletes, in Helm's order for an uninstall, each object in a
// version that the API server has. mapper must tell "no match" from a failed discovery.
//
// An object whose name, namespace or annotations cannot be read is an error: it
// might be another one than it seems, or one to keep.
//
// Objects with the resource policy "keep", or of a List with it, are left out. Helm deletes no object
// that has any resource policy, and names only those whose policy is "keep"
// (https://github.com/helm/helm/issues/12048).
func inventory(stored string, mapper meta.RESTMapper) (of inventoried, err error) {
	documents := releaseutil.SplitManifests(spreadPolicies(stored))
	_, files, err := releaseutil.SortManifests(documents, nil, releaseutil.UninstallOrder)
	if err != nil {
		return inventoried{}, err
	}
	var goes, stays []*unstructured.Unstructured
	for _, file := range files {
		found, err := manifest.ParseDocument([]byte(file.Content))
		if err != nil {
			return inventoried{}, fmt.Errorf("parse %s: %w", nameDocument(file), err)
		}
		for _, o := range found {
			if err := checkMetadata(o); err != nil {
				return inventoried{}, fmt.Errorf("read the metadata of %s: %w", nameDocument(file), err)
			}
			if ownership.KeptByPolicy(o.GetAnnotations()) {
				stays = append(stays, o)
			} else {
				goes = append(goes, o)
			}
		}
	}
	if of.objects, of.missing, err = identities(goes, mapper); err != nil {
		return inventoried{}, err
	}
	if slices.ContainsFunc(goes, func(o *unstructured.Unstructured) bool { return mayTakeKept(o.GroupVersionKind()) }) {
		// What is of a kind that is not served any more cannot be there.
		if of.kept, _, err = identities(stays, mapper); err != nil {
			return inventoried{}, err
		}
	}
	return of, nil
}

// identities returns a manifest of objects with what a deletion needs to know of each, and names those
// whose kind the API server has no more.
func identities(objects []*unstructured.Unstructured, mapper meta.RESTMapper) (text string, missing []string, err error) {
	var all strings.Builder
	for _, o := range objects {
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
	return all.String(), missing, nil
}

// spreadPolicies gives what is in a List that is to be kept the policy of that, unless the List is a
// hook: what a hook has made is made anew whatever its policy says.
func spreadPolicies(text string) string {
	return manifest.Spread(text, ownership.AnnotationResourcePolicy, func(of map[string]string) bool {
		return ownership.KeptByPolicy(of) && !ownership.IsHook(of)
	})
}

// checkMetadata returns an error where the accessors of o would return an empty name,
// namespace or map of annotations though the document holds something else. A null
// is empty.
func checkMetadata(o *unstructured.Unstructured) error {
	if _, _, err := unstructured.NestedNullCoercingStringMap(o.Object, "metadata", "annotations"); err != nil {
		return err
	}
	namespace, _, err := unstructured.NestedFieldNoCopy(o.Object, "metadata", "namespace")
	if err != nil {
		return err
	}
	if _, ok := namespace.(string); !ok && namespace != nil {
		return fmt.Errorf("the namespace of %s %q is no text: %v", o.GetKind(), o.GetName(), namespace)
	}
	if o.GetName() == "" {
		return fmt.Errorf("a %s has no name", o.GetKind())
	}
	return nil
}

// nameDocument names a document of a manifest to a person: by its kind and name, and
// by the template that Helm's comment in it names.
func nameDocument(file releaseutil.Manifest) string {
	name := "a document of the manifest"
	if head := file.Head; head != nil && head.Kind != "" {
		name = head.Kind
		if head.Metadata != nil && head.Metadata.Name != "" {
			name += "/" + head.Metadata.Name
		}
	}
	if comment, _, _ := strings.Cut(file.Content, "\n"); strings.HasPrefix(comment, "# Source: ") {
		name += " (" + strings.TrimPrefix(comment, "# Source: ") + ")"
	}
	return name
}

// writeIdentity writes a document with what a deletion needs to know of an object. The
// marks that the chart itself puts on it, which forbid to delete it, are part of that.
func writeIdentity(to *strings.Builder, o *unstructured.Unstructured, as schema.GroupVersionKind) error {
	apiVersion, kind := as.ToAPIVersionAndKind()
	metadata := map[string]any{"name": o.GetName(), "namespace": o.GetNamespace()}
	if _, marked := ownership.KeepMark(o.GetLabels(), o.GetAnnotations()); marked {
		metadata["labels"], metadata["annotations"] = o.GetLabels(), o.GetAnnotations()
	}
	document, err := json.Marshal(map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata})
	to.WriteString("\n---\n")
	to.Write(document)
	return err
}
