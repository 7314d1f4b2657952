package record

import (
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

func TestBaselineIsReadAsItWasWritten(t *testing.T) {
	for name, b := range map[string]facts.Baseline{
		"nothing differed": {},
		"two objects": {
			{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "review", Name: "web"}: {"spec.a": "1", "spec.b": facts.Gone},
			{APIVersion: "v1", Kind: "Namespace", Name: "x"}:                              {"metadata.labels[a/b]": "2"},
		},
	} {
		value, err := encodeBaseline(b)
		if err != nil {
			t.Fatal(err)
		}
		meta := &metav1.ObjectMeta{Labels: map[string]string{labelStatus: "deployed"}, Annotations: withBaseline(nil, value)}
		if got := decodeBaseline(meta); !reflect.DeepEqual(got, b) {
			t.Errorf("%s: %v, want %v", name, got, b)
		}
		meta.Labels[labelStatus] = "superseded"
		if got := decodeBaseline(meta); got != nil {
			t.Errorf("%s, of a record that is not deployed: %v", name, got)
		}
	}
}

// Whatever stands in the annotation, it is a baseline or none.
func TestBaselineThatCannotBeRead(t *testing.T) {
	bomb, err := encode([]byte(`["` + strings.Repeat("a", baselineInflated) + `"]`))
	if err != nil {
		t.Fatal(err)
	}
	odd, err := encode([]byte(`{"v":1}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "x", "H4sI", bomb, odd} {
		meta := &metav1.ObjectMeta{Labels: map[string]string{labelStatus: "deployed"}, Annotations: map[string]string{annotationBaseline: value}}
		if got := decodeBaseline(meta); got != nil {
			t.Errorf("%.20q is %v", value, got)
		}
	}
	if got := decodeBaseline(&metav1.ObjectMeta{Labels: map[string]string{labelStatus: "deployed"}}); got != nil {
		t.Errorf("none is %v", got)
	}
}
