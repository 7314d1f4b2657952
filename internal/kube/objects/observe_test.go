package objects

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

func one(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	objects, err := manifest.Parse(text)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v in %s", len(objects), err, text)
	}
	return objects[0]
}

func TestLocate(t *testing.T) {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Version: "v1"}, {Group: "apps", Version: "v1"}})
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, meta.RESTScopeRoot)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	tests := map[string]struct {
		object, place, says string
	}{
		"in the release's namespace": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "ns/configmaps", ""},
		"in a namespace of its own":  {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: b}}", "b/configmaps", ""},
		"cluster-scoped":             {"{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}", "/namespaces", ""},
		"a kind that is not served":  {"{apiVersion: v1, kind: Widget, metadata: {name: a}}", "", "no kind Widget in v1"},
		"a version no longer served": {"{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a}}", "ns/deployments", ""},
		"a group no longer served":   {"{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}}", "ns/deployments", ""},
		"an object that has no name": {"{apiVersion: v1, kind: ConfigMap}", "", "no name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := locate(mapper, one(t, tt.object), "ns")
			place := ""
			if l.located {
				place = l.place.namespace + "/" + l.place.resource.Resource
			}
			if place != tt.place || !strings.Contains(l.object.Error, tt.says) || (tt.says == "") != (l.object.Error == "") || l.err != nil {
				t.Errorf("place %q, error %q, %v", place, l.object.Error, l.err)
			}
			if l.located && l.object.APIVersion != "v1" && l.object.APIVersion != "apps/v1" {
				t.Errorf("it is looked for in %s, which is not served", l.object.APIVersion)
			}
		})
	}
}

func TestByPlace(t *testing.T) {
	var lookups []*lookup
	add := func(n int, resource string, located bool) {
		for range n {
			lookups = append(lookups,
				&lookup{located: located, place: place{resource: schema.GroupVersionResource{Resource: resource}, namespace: "ns"}})
		}
	}
	add(listFrom, "configmaps", true)
	add(listFrom-1, "secrets", true)
	add(2*listFrom, "widgets", false)
	many, single := byPlace(lookups)
	if len(many) != 1 || len(many[0]) != listFrom || len(single) != listFrom-1 {
		t.Errorf("%d groups, %d single objects", len(many), len(single))
	}
}

func TestGather(t *testing.T) {
	release := ownership.Release{Namespace: "ns", Name: "web"}
	seen := &lookup{object: facts.Object{Exists: true}}
	failed := &lookup{err: errors.New("no answer")}
	denied := &lookup{missing: &problem.MissingPermission{Permission: problem.Permission{Verb: "get"}, Reason: "forbidden"}}
	tests := map[string]struct {
		lookups []*lookup
		want    string
	}{
		"all are read": {[]*lookup{seen, seen}, "<nil>"},
		"one failed":   {[]*lookup{seen, failed}, "no answer"},
		"one denied": {[]*lookup{seen, denied},
			"read the objects of release web in namespace ns: 1 of 2 may not be read, first: forbidden"},
		"one denied, one failed": {[]*lookup{failed, denied, denied},
			"read the objects of release web in namespace ns: 2 of 3 may not be read, first: forbidden"},
		"nothing is in the chart": {nil, "<nil>"},
	}
	for name, tt := range tests {
		objects, err := gather(tt.lookups, release)
		if fmt.Sprint(err) != tt.want || len(objects) != len(tt.lookups) {
			t.Errorf("%s: %d objects, error %v, want %s", name, len(objects), err, tt.want)
		}
	}
}
