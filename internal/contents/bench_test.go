package contents

import (
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// BenchmarkCompare compares a Deployment of a usual size in which nothing differs, as
// a check does for each of its objects at every look.
func BenchmarkCompare(b *testing.B) {
	text, err := os.ReadFile("testdata/deployment.yaml")
	if err != nil {
		b.Fatal(err)
	}
	objects, err := manifest.Parse(string(text))
	if err != nil {
		b.Fatal(err)
	}
	options := Options{Release: ownership.Release{Namespace: "ns", Name: "web"}}
	live := &unstructured.Unstructured{Object: objects[0].DeepCopy().Object}
	live.SetLabels(ownership.Merge(live.GetLabels(), options.Release.Labels()))
	live.SetAnnotations(ownership.Merge(live.GetAnnotations(), options.Release.Annotations()))
	b.ReportAllocs()
	for b.Loop() {
		if got := Compare(objects[0], live, options); len(got.Differences) > 0 {
			b.Fatal(got)
		}
	}
}
