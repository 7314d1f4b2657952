package companions

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/text"
)

// mostDocs is how many documents a file may have.
const mostDocs = 20

// ParseQuota returns the ResourceQuotas and LimitRanges of a file. An error names the document,
// counted from 1, and quotes nothing of one of another kind but that.
func ParseQuota(file []byte, namespace string) (docs []*unstructured.Unstructured, err error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(file)))
	names := map[string]int{}
	for n := 1; ; n++ {
		raw, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF) && len(docs) == 0:
			return nil, errors.New("there is neither a ResourceQuota nor a LimitRange in it")
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, fmt.Errorf("document %d cannot be read", n)
		}
		doc, err := parseDocument(raw, namespace)
		if err != nil {
			return nil, fmt.Errorf("document %d %w", n, err)
		}
		if doc == nil {
			continue
		}
		id := doc.GetKind() + "/" + doc.GetName()
		if before := names[id]; before > 0 {
			return nil, fmt.Errorf("document %d is %s, and so is document %d", n, id, before)
		}
		names[id] = n
		if docs = append(docs, doc); len(docs) > mostDocs {
			return nil, fmt.Errorf("there are more than %d in it", mostDocs)
		}
	}
}

// parseDocument returns nil for an empty document.
func parseDocument(raw []byte, namespace string) (*unstructured.Unstructured, error) {
	var is metav1.PartialObjectMetadata
	if asJSON, err := yaml.YAMLToJSON(raw); err == nil && string(asJSON) == "null" {
		return nil, nil
	}
	if err := yaml.Unmarshal(raw, &is); err != nil {
		return nil, errors.New("is no object of Kubernetes")
	}
	var typed runtime.Object
	var spec any
	switch {
	case is.APIVersion == "v1" && is.Kind == "ResourceQuota":
		quota := &corev1.ResourceQuota{}
		typed, spec = quota, &quota.Spec
	case is.APIVersion == "v1" && is.Kind == "LimitRange":
		limits := &corev1.LimitRange{}
		typed, spec = limits, &limits.Spec
	default:
		return nil, fmt.Errorf("is a %q of %q, and only ResourceQuota and LimitRange of \"v1\" may be in it",
			text.Cut(is.Kind, longestKind), text.Cut(is.APIVersion, longestKind))
	}
	id := fmt.Sprintf("is a %s, ", is.Kind)
	switch err := yaml.UnmarshalStrict(raw, typed); {
	case err != nil:
		return nil, fmt.Errorf("%sof which not everything is known: %w", id, err)
	case len(validation.IsDNS1123Subdomain(is.Name)) > 0:
		return nil, errors.New(id + "and its metadata.name is none that Kubernetes takes")
	case is.Namespace != "" && is.Namespace != namespace:
		return nil, fmt.Errorf("%sfor namespace %q, and the release's is %s; leave it out", id, text.Cut(is.Namespace, longestKind), namespace)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
	if err != nil {
		return nil, fmt.Errorf("%sand cannot be written: %w", id, err)
	}
	doc := &unstructured.Unstructured{Object: map[string]any{"apiVersion": is.APIVersion, "kind": is.Kind, "spec": content}}
	doc.SetName(is.Name)
	return doc, nil
}

// longestKind bounds how much of a name is quoted that is none.
const longestKind = 60
