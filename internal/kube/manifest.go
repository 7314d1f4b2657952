package kube

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
)

// ParseManifest splits a release's manifest into its objects, in their order;
// lists are flattened, empty documents skipped. What was read before a broken
// document is returned along with the error.
func ParseManifest(manifest string) ([]*unstructured.Unstructured, error) {
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
		found, err := parseDocument(document)
		if err != nil {
			return objects, fmt.Errorf("parse document %d of the manifest: %w", n, err)
		}
		objects = append(objects, found...)
	}
}

func parseDocument(document []byte) ([]*unstructured.Unstructured, error) {
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
	switch o := decoded.(type) {
	case *unstructured.Unstructured:
		return []*unstructured.Unstructured{o}, nil
	case *unstructured.UnstructuredList:
		objects := make([]*unstructured.Unstructured, len(o.Items))
		for i := range o.Items {
			objects[i] = &o.Items[i]
		}
		return objects, nil
	}
	return nil, fmt.Errorf("it is no Kubernetes object but %T", decoded)
}

// Refs names the objects. Their namespace is as the manifest has it: empty means
// the release's, or none for what is cluster-scoped.
func Refs(objects []*unstructured.Unstructured) []facts.Ref {
	refs := make([]facts.Ref, len(objects))
	for i, o := range objects {
		refs[i] = refOf(o)
	}
	return refs
}

func refOf(o *unstructured.Unstructured) facts.Ref {
	return facts.Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}
