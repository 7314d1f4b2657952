package helm

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// build returns the objects of a manifest.
func build(t *testing.T, documents ...string) kube.ResourceList {
	t.Helper()
	list, err := newSDK(t).Build(strings.NewReader(strings.Join(documents, "---\n")), false)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func object(kind, name, more string) string {
	apiVersion := "v1"
	if kind == "Deployment" {
		apiVersion = "apps/v1"
	}
	return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: " + name + "}\n" + more
}

func TestBatches(t *testing.T) {
	list := build(t, object("Secret", "a", ""), object("Secret", "b", ""), object("ConfigMap", "a", ""), object("ConfigMap", "a", ""),
		object("Secret", "c", ""))
	var got []string
	for _, batch := range batches(list) {
		got = append(got, namesOf(batch))
	}
	want := []string{"Secret/a Secret/b", "ConfigMap/a", "ConfigMap/a", "Secret/c"}
	if !slices.Equal(got, want) {
		t.Errorf("batches %q, want %q", got, want)
	}
}

// A failed patch lets the others go on, and keeps what was dropped; an object that
// cannot be created stops what comes after it.
func TestUpdateInParallelFails(t *testing.T) {
	original := build(t, object("ConfigMap", "a", ""), object("Service", "dropped", ""))
	target := build(t, object("ConfigMap", "a", ""), object("Secret", "b", ""), object("Service", "c", ""))
	failure := errors.New("no")
	for name, c := range map[string]struct {
		fails string
		want  string
	}{
		"nothing":    {"", "a b c dropped"},
		"a patch":    {"a", "a b c"},
		"a creation": {"b", "a b"},
	} {
		var calls []string
		drop := func(dropped kube.ResourceList) *kube.Result {
			calls = append(calls, dropped[0].Name)
			return nil
		}
		_, err := updateInParallel(func(was, now kube.ResourceList) (*kube.Result, error) {
			calls = append(calls, now[0].Name)
			switch {
			case now[0].Name != c.fails:
				return &kube.Result{}, nil
			case len(was) > 0:
				return &kube.Result{Updated: now}, failure
			}
			return nil, failure
		}, drop, original, target)
		if got := strings.Join(calls, " "); got != c.want || errors.Is(err, failure) != (c.fails != "") {
			t.Errorf("%s fails: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

// A field that only a failed revision has set is part of what the update compares
// with; what was deployed is not changed.
func TestFailedRevisionsOver(t *testing.T) {
	const containers = "spec: {template: {spec: {containers: [{name: web, image: a%s}]}}}\n"
	deployed := build(t, object("Deployment", "web", strings.Replace(containers, "%s", "", 1)), object("ConfigMap", "web", "data: {a: b}\n"))
	failed := failedRevisions{
		build(t, object("Deployment", "web", strings.Replace(containers, "%s", "}, {name: extra, image: b", 1))),
		build(t, object("ConfigMap", "web", "data: {c: d}\n"), object("Secret", "new", ""), object("Secret", "gone", "")),
	}
	target := build(t, object("Deployment", "web", ""), object("ConfigMap", "web", ""), object("Secret", "new", ""))
	got := failed.over(deployed, target, t.Logf)
	if namesOf(got) != "Deployment/web ConfigMap/web Secret/new" {
		t.Errorf("the originals are %s", namesOf(got))
	}
	images := func(list kube.ResourceList) int {
		all, _, _ := unstructured.NestedSlice(list[0].Object.(*unstructured.Unstructured).Object, "spec", "template", "spec", "containers")
		return len(all)
	}
	data, _, _ := unstructured.NestedStringMap(got[1].Object.(*unstructured.Unstructured).Object, "data")
	if images(got) != 2 || len(data) != 2 {
		t.Errorf("%d containers, data %v", images(got), data)
	}
	if images(deployed) != 1 {
		t.Error("the deployed revision was changed")
	}
}
