package chart

import (
	"slices"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

func TestMisfits(t *testing.T) {
	sub := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "db"}, Values: map[string]any{"port": 5432},
		Templates: []*helmchart.File{{Data: []byte("{{ .Values.port }}")}}}
	c := &helmchart.Chart{
		Metadata: &helmchart.Metadata{Name: "web",
			Dependencies: []*helmchart.Dependency{{Name: "db", Condition: "cache.enabled", Tags: []string{"back"}}}},
		Values: map[string]any{"image": "web:1", "ingress": map[string]any{"host": "", "path": "/"}, "annotations": map[string]any{},
			"none": nil},
		Templates: []*helmchart.File{{Data: []byte("{{ .Values.image }} {{ .Values.extra }}")}},
	}
	c.SetDependencies(sub)
	for name, d := range map[string]struct {
		values map[string]any
		want   []string
	}{
		"as it has them": {map[string]any{"image": "web:2", "ingress": map[string]any{"host": "x"}}, nil},
		"a table for a text": {map[string]any{"image": map[string]any{"tag": "x"}},
			[]string{"image.tag is given, and image is no table in the chart"}},
		"a text for a table": {map[string]any{"ingress": "x"},
			[]string{"ingress is given as one value, and is a table in the chart, which has host, path"}},
		"a text for an empty one": {map[string]any{"annotations": "x"}, nil},
		"an unknown key": {map[string]any{"img": map[string]any{"tag": "x"}},
			[]string{"the chart web has no value img, which has annotations, image, ingress, none"}},
		"a template's own":   {map[string]any{"extra": 1}, nil},
		"into an open table": {map[string]any{"annotations": map[string]any{"a/b": "c"}}, nil},
		"nothing was there":  {map[string]any{"none": map[string]any{"a": 1}}, nil},
		"it is taken away":   {map[string]any{"ingress": nil}, nil},
		"global":             {map[string]any{"global": map[string]any{"a": 1}}, nil},
		"a condition":        {map[string]any{"cache": map[string]any{"enabled": false}}, nil},
		"tags":               {map[string]any{"tags": map[string]any{"back": true}}, nil},
		"a dependency's":     {map[string]any{"db": map[string]any{"port": 1}}, nil},
		"a dependency's unknown": {map[string]any{"db": map[string]any{"prot": 1}},
			[]string{"the chart db has no value prot, which has port"}},
	} {
		if got := misfits(c, d.values, nil); !slices.Equal(got, d.want) {
			t.Errorf("%s: %q, want %q", name, got, d.want)
		}
	}
	for name, open := range map[string]*helmchart.Chart{
		"no values at all":  {Metadata: c.Metadata},
		"a schema":          {Metadata: c.Metadata, Values: c.Values, Schema: []byte("{}")},
		"it takes them all": {Metadata: c.Metadata, Values: c.Values, Templates: []*helmchart.File{{Data: []byte("{{ toYaml .Values }}")}}},
	} {
		if got := misfits(open, map[string]any{"img": 1}, nil); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestCommitThatNothingNames(t *testing.T) {
	const commit = "9f2c1e7d3b5a48f60712c9de4a1b8c3f5e6d7a90"
	for content, lacks := range map[string]bool{"image: web:" + commit: false, "image: web:9f2c1e7": false, "image: web:1": true} {
		if got := lacksCommit(map[string]string{"a": "x", "b": content}, commit); got != lacks {
			t.Errorf("%s: %t", content, got)
		}
	}
	if lacksCommit(map[string]string{"a": "x"}, "") {
		t.Error("no commit is named")
	}
	if !(Values{Set: []string{"image.tag={{ .SHA }}"}}).NamesCommit() || (Values{Set: []string{"image.tag={{ .Slug }}"}}).NamesCommit() {
		t.Error("what names the commit")
	}
}

// What is compared are the values as the chart has them, and not as its dependencies change them.
func TestMisfitsOfAChartWithDependencies(t *testing.T) {
	a := archive(t, map[string]string{
		"Chart.yaml":  "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.0.0, alias: store, repository: \"\"}\n",
		"values.yaml": "image: web:1\n", "templates/web.yaml": "# {{ .Values.image }}\n",
		"charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n", "charts/db/values.yaml": "port: 5432\n",
		"charts/db/templates/db.yaml": "# {{ .Values.port }}\n",
	})
	var warned []string
	o := RenderOptions{Release: "web", Namespace: "n", Revision: 1, Commit: "9f2c1e7d3b5a",
		Warn: func(m string) { warned = append(warned, m) }}
	values := map[string]any{"image": map[string]any{"tag": "x"}, "img": 1, "store": map[string]any{"prot": 1}}
	if _, err := Render(t.Context(), a, values, o); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"image.tag is given, and image is no table in the chart", "the chart web has no value img, which has image",
		"the chart db has no value prot, which has port",
		"the values name the commit 9f2c1e7d3b5a, and nothing that the chart makes does: it is not shown that this commit runs",
	}
	if !slices.Equal(warned, want) {
		t.Errorf("warned %q", warned)
	}
}
