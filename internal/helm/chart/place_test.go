package chart

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// placeOf returns where the problem of an error is.
func placeOf(t *testing.T, err error) problem.Place {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Fatalf("%v is no problem", err)
	}
	return p.Place
}

// What is wrong in a chart's files is told with its place in the chart's folder.
func TestPlaceInAChart(t *testing.T) {
	schema := `{"type":"object","required":["image"],"properties":{"image":{"type":"object","required":["tag"],` +
		`"properties":{"tag":{"type":"string"}}},"hosts":{"type":"array","items":{"type":"string"}}}}`
	seven := map[string]any{"image": map[string]any{"tag": 7}}
	const values = "color: blue\nimage:\n  tag: v1\n"
	for name, c := range map[string]struct {
		files  map[string]string
		values map[string]any
		o      RenderOptions
		file   string
		line   int
	}{
		"a template": {map[string]string{"templates/web.yaml": "a: b\nc: {{ .Values.x.y }}\n"}, nil, RenderOptions{}, "templates/web.yaml", 2},
		"a helper": {map[string]string{"templates/_h.tpl": "{{ define \"n\" }}\n\n{{ .Values.x.y }}{{ end }}",
			"templates/web.yaml": "{{ include \"n\" . }}"}, nil, RenderOptions{}, "templates/_h.tpl", 3},
		"a syntax": {map[string]string{"templates/web.yaml": "a\n{{ if }}"}, nil, RenderOptions{}, "templates/web.yaml", 2},
		"a subchart": {map[string]string{"charts/db/Chart.yaml": metadata("db", "1.0.0"), "charts/db/templates/x.yaml": "{{ fail \"no\" }}"},
			nil, RenderOptions{}, "charts/db/templates/x.yaml", 1},
		"what is rendered": {map[string]string{"templates/web.yaml": "a: b\n c: ["}, nil, RenderOptions{}, "templates/web.yaml", 0},
		"no kind":          {map[string]string{"templates/web.yaml": "apiVersion: v1\n"}, nil, RenderOptions{}, "templates/web.yaml", 0},
		"a value, in the chart": {map[string]string{"values.schema.json": schema, "values.yaml": "image:\n  tag: 7\n"}, nil, RenderOptions{},
			"values.yaml", 2},
		"a value, in a file": {map[string]string{"values.schema.json": schema, "values.yaml": values}, seven,
			RenderOptions{Documents: []Document{{"first.yaml", []byte("image: {}\n")}, {"last.yaml", []byte("\n\nimage:\n  tag: 7\n")}}},
			"last.yaml", 4},
		"a value, in a list": {map[string]string{"values.schema.json": schema, "values.yaml": values}, map[string]any{"hosts": []any{"a", 7}},
			RenderOptions{Documents: []Document{{"last.yaml", []byte("hosts:\n- a\n- 7\n")}}}, "last.yaml", 3},
		"a value that is missing": {map[string]string{"values.schema.json": schema, "values.yaml": "image:\n  x: y\n"}, nil, RenderOptions{},
			"values.yaml", 1},
		"a value that was set": {map[string]string{"values.schema.json": schema, "values.yaml": values}, seven,
			RenderOptions{SetKeys: Values{Set: []string{"color=red,image.tag=7"}}.SetKeys()}, "", 0},
		"a value that JSON may have set": {map[string]string{"values.schema.json": schema, "values.yaml": values},
			seven, RenderOptions{SetKeys: Values{SetJSON: []string{`{"image":{"tag":7}}`}}.SetKeys()}, "", 0},
		"a Kubernetes version": {map[string]string{"Chart.yaml": metadata("web", "1.0.0", "kubeVersion: \">=1.99.0\"")}, nil,
			RenderOptions{}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			folder := chartFolder(t, "", "web", "1.0.0")
			write(t, folder, c.files)
			a, err := Fetch(t.Context(), Source{Chart: folder})
			if err != nil {
				t.Fatal(err)
			}
			want := problem.Place{File: c.file, Line: c.line}
			if len(c.o.Documents) == 0 && c.file != "" {
				want.File = filepath.Join(folder, c.file)
			}
			c.o.Release, c.o.Namespace, c.o.Revision = "web", "pr-7", 1
			_, err = Render(t.Context(), a, c.values, c.o)
			if got := placeOf(t, err); got != want {
				t.Errorf("%v is at %+v, want %+v", err, got, want)
			}
			a.Folder = "" // of a chart that was downloaded, no file is there
			if c.o.Documents == nil {
				_, err = Render(t.Context(), a, c.values, c.o)
				if got := placeOf(t, err); got != (problem.Place{}) {
					t.Errorf("without a folder, %v is at %+v", err, got)
				}
			}
		})
	}
}

// What is wrong with a values file is told with its line.
func TestPlaceInValues(t *testing.T) {
	dir := write(t, "", map[string]string{"bad.yaml": "# a comment\n---\na: b\n c: [\n", "two.yaml": "a: b\n---\nc: d\n",
		"good.yaml": "a: b\n"})
	for file, line := range map[string]int{"bad.yaml": 4, "two.yaml": 0} {
		path := filepath.Join(dir, file)
		_, err := Merge(t.Context(), Values{Files: []string{path}})
		got := placeOf(t, err)
		if got.File != path || line > 0 && (got.Line < line-1 || got.Line > line+1) {
			t.Errorf("%v is at %+v, want line %d", err, got, line)
		}
	}
	var seen []Document
	good := filepath.Join(dir, "good.yaml")
	_, err := Merge(t.Context(), Values{Files: []string{good}, Seen: func(d Document) { seen = append(seen, d) }})
	if err != nil || len(seen) != 1 || seen[0].Path != good || string(seen[0].Content) != "a: b\n" {
		t.Errorf("seen %q: %v", seen, err)
	}
}
