package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Spread returns a manifest in which the items of some Lists stand in their place, each with what
// the List has as this annotation: those whose annotations are such. Helm reads the resource policy
// of a document, so that its uninstall keeps all of a List, and nothing on an item says so. Objects
// and their order are as Parse has them. A manifest without such a List, or that cannot be read, is
// returned as it is.
func Spread(manifest, annotation string, such func(annotations map[string]string) bool) string {
	if !strings.Contains(manifest, annotation) || !strings.Contains(manifest, "items") {
		return manifest
	}
	var spread strings.Builder
	found := false
	documents := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	for {
		document, err := documents.Read()
		switch {
		case errors.Is(err, io.EOF) && found:
			return spread.String()
		case err != nil:
			return manifest
		}
		spread.WriteString("\n---\n")
		of := annotationsOfList(document, annotation)
		if of == nil || !such(of) {
			spread.Write(document)
			continue
		}
		found = true
		if err := writeItems(&spread, document, annotation, of[annotation]); err != nil {
			return manifest
		}
	}
}

// annotationsOfList returns the annotations of a List that has this one, or nil.
func annotationsOfList(document []byte, annotation string) map[string]string {
	if !bytes.Contains(document, []byte(annotation)) {
		return nil
	}
	var list unstructured.Unstructured
	if yaml.Unmarshal(document, &list.Object) != nil || list.Object == nil || !list.IsList() {
		return nil
	}
	if of := list.GetAnnotations(); of[annotation] != "" {
		return of
	}
	return nil
}

// writeItems writes the items of a List with an annotation, and the comment by which Helm names the
// template that a document is of.
func writeItems(to *strings.Builder, document []byte, annotation, value string) error {
	items, err := ParseDocument(document)
	if err != nil {
		return err
	}
	comment, _, _ := strings.Cut(string(document), "\n")
	for i, item := range items {
		annotations := item.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[annotation] = value
		item.SetAnnotations(annotations)
		text, err := json.Marshal(item.Object)
		if err != nil {
			return err
		}
		if i > 0 {
			to.WriteString("\n---\n")
		}
		if strings.HasPrefix(comment, "# Source: ") {
			to.WriteString(comment + "\n")
		}
		to.Write(text)
	}
	return nil
}
