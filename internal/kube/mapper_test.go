package kube

import (
	"io"
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

const (
	coreAPI = `{"metadata":{},"versions":[{"version":"v1","resources":[{"resource":"pods","responseKind":{"group":"","version":"","kind":"Pod"},"scope":"Namespaced","verbs":["get"]}]}]}`
	// boats is served in v1 only; what harbours holds is not known.
	otherAPIs = `{"metadata":{"name":"boats.example.org"},"versions":[{"version":"v1","resources":[{"resource":"boats","responseKind":{"group":"boats.example.org","version":"v1","kind":"Boat"},"scope":"Namespaced","verbs":["get"]}]}]},
		{"metadata":{"name":"harbours.example.org"},"versions":[{"version":"v1","freshness":"Stale"}]}`
)

// offering is a connection to a server with these API groups.
func offering(t *testing.T, core, others string) *Conn {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		groups := map[string]string{"/api": core, "/apis": others}[r.URL.Path]
		w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		_, _ = io.WriteString(w, `{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[`+groups+`]}`)
	})
}

func TestMapperTellsGoneFromNotKnown(t *testing.T) {
	mapper, err := offering(t, coreAPI, otherAPIs).Mapper(withTimeout(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]schema.GroupVersionKind{
		"no such kind":    {Group: "boats.example.org", Version: "v1", Kind: "Ship"},
		"no such version": {Group: "boats.example.org", Version: "v1beta1", Kind: "Boat"},
		"no such group":   {Group: "ships.example.org", Version: "v1", Kind: "Ship"},
	} {
		if _, err := mapper.RESTMapping(kind.GroupKind(), kind.Version); !meta.IsNoMatchError(err) {
			t.Errorf("%s: %v, want no match", name, err)
		}
	}
	_, err = mapper.RESTMapping(schema.GroupKind{Group: "harbours.example.org", Kind: "Pier"}, "v1")
	if p := problem.Of(apifailure.Classify(err, "ask")); p == nil || p.Reason != problem.Unanswered || meta.IsNoMatchError(err) {
		t.Errorf("a group of which nothing is known: %v", err)
	}
	mapping, err := manifest.MappingFor(mapper, schema.GroupVersionKind{Group: "boats.example.org", Version: "v1beta1", Kind: "Boat"})
	if err != nil || mapping.GroupVersionKind.Version != "v1" {
		t.Errorf("a kind that is left in another version: %+v, %v", mapping, err)
	}
}

func TestMapperTakesAnEmptyAnswerForNone(t *testing.T) {
	mapper, err := offering(t, "", otherAPIs).Mapper(withTimeout(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = mapper.RESTMapping(schema.GroupKind{Kind: "Pod"}, "v1")
	if p := problem.Of(apifailure.Classify(err, "ask")); p == nil || p.Reason != problem.Unanswered {
		t.Errorf("got %v, want unanswered", err)
	}
}
