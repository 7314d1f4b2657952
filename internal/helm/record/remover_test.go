package record

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/facts"
)

func TestQuarantinedCopy(t *testing.T) {
	obj := testObject("u", "7", "garbage")
	obj.Name = Key("web", 1)
	obj.Labels["team"] = "x"
	obj.Annotations = map[string]string{"a": "b", corev1.LastAppliedConfigAnnotation: "the data again"}
	obj.Immutable, obj.ExtraData = true, map[string][]byte{"more": {1}}
	rec := &facts.Record{Content: facts.Content{DecodeError: strings.Repeat("x", 2*descriptionLimit)}}
	got := quarantinedCopy(obj, rec, time.Unix(0, 0))

	if got.Payload != "garbage" || string(got.ExtraData["more"]) != "\x01" || got.Type != quarantinedType ||
		got.Immutable || got.UID != "" {
		t.Errorf("copied %+v", got)
	}
	if len(got.Labels) != 2 || got.Labels["team"] != "x" || got.Labels[labelQuarantined] != "web" {
		t.Errorf("labels %v", got.Labels)
	}
	if len(got.Annotations) != 4 || got.Annotations["a"] != "b" || got.Annotations[annotationQuarantinedFrom] != obj.Name ||
		got.Annotations[annotationQuarantinedAt] != "1970-01-01T00:00:00Z" ||
		len(got.Annotations[annotationQuarantinedBecause]) > descriptionLimit {
		t.Errorf("annotations %v", got.Annotations)
	}
	if again := quarantinedCopy(obj, rec, time.Unix(9, 0)); again.Name != got.Name {
		t.Errorf("the same version is copied to %s and %s", got.Name, again.Name)
	}
	obj.ResourceVersion = "8"
	if other := quarantinedCopy(obj, rec, time.Unix(0, 0)); other.Name == got.Name {
		t.Errorf("two versions are copied to %s", got.Name)
	}
}
