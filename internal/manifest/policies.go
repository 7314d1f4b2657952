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

	"github.com/berth-dev/berth/internal/ownership"
)

// SpreadPolicies returns a manifest in which the items of each List that is to be kept, by its
// resource policy, stand in its place, each with that policy. Helm reads the policy of a document:
// its uninstall keeps all of such a List, and nothing on an item says so. Objects and their order
// are as Parse has them. Lists that are hooks are left as they are unless hooks says otherwise. A
// manifest without such a List, or that cannot be read, is returned as it is.
func SpreadPolicies(manifest string, hooks bool) string {
	if !strings.Contains(manifest, ownership.AnnotationResourcePolicy) || !strings.Contains(manifest, "items") {
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
		if !isKeptList(document, hooks) {
			spread.Write(document)
			continue
		}
		found = true
		if err := writeKept(&spread, document); err != nil {
			return manifest
		}
	}
}

// isKeptList returns whether a document is a List whose resource policy is to be kept.
func isKeptList(document []byte, hooks bool) bool {
	if !bytes.Contains(document, []byte(ownership.AnnotationResourcePolicy)) {
		return false
	}
	var list unstructured.Unstructured
	if yaml.Unmarshal(document, &list.Object) != nil || list.Object == nil || !list.IsList() {
		return false
	}
	of := list.GetAnnotations()
	return ownership.KeptByPolicy(of) && (hooks || !ownership.IsHook(of))
}

// writeKept writes the items of a List with the policy, and the comment by which Helm names the
// template that a document is of.
func writeKept(to *strings.Builder, document []byte) error {
	items, err := ParseDocument(document)
	if err != nil {
		return err
	}
	comment, _, _ := strings.Cut(string(document), "\n")
	for i, item := range items {
		item.SetAnnotations(ownership.Merge(item.GetAnnotations(), map[string]string{ownership.AnnotationResourcePolicy: "keep"}))
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
