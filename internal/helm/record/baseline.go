package record

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// annotationBaseline holds what still differed from the manifest when the deploy of
// a deployed record was through. It is an annotation and no label, since Helm copies
// labels from one revision to the next and drops annotations, and no part of the
// payload, so that a list shows it.
const annotationBaseline = "berth.dev/baseline"

// baselineInflated is the most that is read of a baseline, in bytes: somebody else may
// have written it.
const baselineInflated = 1 << 20

// accepted is one object of a stored baseline.
type accepted struct {
	APIVersion string            `json:"v"`
	Kind       string            `json:"k"`
	Namespace  string            `json:"ns,omitempty"`
	Name       string            `json:"n"`
	Digests    map[string]string `json:"d"` // by path
}

// encodeBaseline returns the annotation's value. What does not fit is left out.
func encodeBaseline(b facts.Baseline) (string, error) {
	b, _ = b.Within(facts.BaselineLimit)
	list := make([]accepted, 0, len(b))
	for ref, digests := range b {
		list = append(list, accepted{ref.APIVersion, ref.Kind, ref.Namespace, ref.Name, digests})
	}
	slices.SortFunc(list, func(a, b accepted) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.APIVersion, b.APIVersion))
	})
	raw, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("write the baseline: %w", err)
	}
	return encode(raw)
}

// decodeBaseline returns the baseline of a deployed record, and nil for one that has
// none or whose value nobody can read.
func decodeBaseline(meta *metav1.ObjectMeta) facts.Baseline {
	value, ok := meta.Annotations[annotationBaseline]
	if !ok || meta.Labels[labelStatus] != release.StatusDeployed.String() {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || !bytes.HasPrefix(raw, gzipMagic) {
		return nil
	}
	var list []accepted
	if raw, err = inflate(raw, limits{bytes: baselineInflated, values: baselineInflated}); err != nil || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	b := make(facts.Baseline, len(list))
	for _, o := range list {
		b[facts.Ref{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}] = o.Digests
	}
	return b
}

// withBaseline returns annotations with this value for the baseline; "" takes it
// away. annotations is not changed.
func withBaseline(annotations map[string]string, value string) map[string]string {
	out := maps.Clone(annotations)
	if value == "" {
		delete(out, annotationBaseline)
		return out
	}
	if out == nil {
		out = make(map[string]string)
	}
	out[annotationBaseline] = value
	return out
}
