// Package manifest reads the manifest that Helm stores with a release: its
// objects, their names and the resources they are served as.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
)

// Objects are objects of a manifest, in its order: as it has them, or as the API
// server returned them.
type Objects []*unstructured.Unstructured

// Parse returns the objects of a manifest in their order. Lists are replaced by
// their items, as Helm does; empty documents are skipped. With an error it
// returns what was read before the broken document.
func Parse(manifest string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	documents := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	for n := 1; ; n++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return objects, fmt.Errorf("read document %d of the manifest: %w", n, err)
		}
		found, err := ParseDocument(document)
		if err != nil {
			return objects, fmt.Errorf("parse document %d of the manifest: %w", n, err)
		}
		objects = append(objects, found...)
	}
}

// ParseDocument returns the object of a single YAML document, the items of a list,
// or nothing for an empty document.
func ParseDocument(document []byte) ([]*unstructured.Unstructured, error) {
	asJSON, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(asJSON, []byte("null")) || bytes.Equal(asJSON, []byte("{}")) {
		return nil, nil
	}
	// The unstructured decoder tells whole numbers from fractions, as the API
	// server's answers do, and asks for a kind.
	decoded, _, err := unstructured.UnstructuredJSONScheme.Decode(asJSON, nil, nil)
	if err != nil {
		return nil, err
	}
	return flatten(decoded)
}

// flatten returns the object itself, or the items of a list, in which there may
// be lists again.
func flatten(decoded runtime.Object) ([]*unstructured.Unstructured, error) {
	switch o := decoded.(type) {
	case *unstructured.Unstructured:
		if !o.IsList() {
			return []*unstructured.Unstructured{o}, nil
		}
		list, err := o.ToList()
		if err != nil {
			return nil, err
		}
		return flatten(list)
	case *unstructured.UnstructuredList:
		var objects []*unstructured.Unstructured
		for i := range o.Items {
			found, err := flatten(&o.Items[i])
			if err != nil {
				return nil, err
			}
			objects = append(objects, found...)
		}
		return objects, nil
	}
	return nil, fmt.Errorf("it is no Kubernetes object but %T", decoded)
}

// RefOf returns an object's reference. Its namespace is what the manifest says:
// empty means the release's, or none for a kind that is cluster-scoped.
func RefOf(o *unstructured.Unstructured) facts.Ref {
	return facts.Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}
