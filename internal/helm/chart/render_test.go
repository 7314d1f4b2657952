package chart

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/berth-dev/berth/internal/problem"
)

var options = RenderOptions{Release: "shop", Namespace: "review-x", Revision: 1}

func archive(t *testing.T, files map[string]string) *Archive {
	t.Helper()
	if files["Chart.yaml"] == "" {
		files["Chart.yaml"] = metadata("web", "1.0.0")
	}
	a, err := Fetch(t.Context(), Source{Chart: write(t, "", files), CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// crd is a definition, and crdInList another one.
const (
	crd       = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n"
	crdInList = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: b.example.com}}"
)

func TestRenderAccepts(t *testing.T) {
	a := archive(t, map[string]string{
		"Chart.yaml": metadata("web", "1.0.0", "type: application", `kubeVersion: ">=1.20.0-0"`, "dependencies:",
			"- {name: cache, version: 1.0.0, condition: cache.enabled}"),
		"values.yaml":        "color: blue\ncache: {enabled: false}\n",
		"values.schema.json": `{"type":"object","properties":{"color":{"type":"string"}}}`,
		"crds/a.yaml":        "# a comment\n---\n" + crd + "---\n# only a comment\n---\n",
		"crds/list.yaml":     "{apiVersion: v1, kind: List, items: [" + crdInList + "]}\n",
		"crds/of_v1.yaml":    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinitionList, items: [{metadata: {name: c.example.com}}]}\n",
		"crds/empty.yaml":    "",
		"templates/cm.yaml": configMap("{{ .Release.Name }}") +
			"data:\n  found: {{ (lookup \"v1\" \"Secret\" \"x\" \"y\") | len | quote }}\n" +
			"  upgrade: {{ .Release.IsUpgrade | quote }}\n---\n# only a comment\n",
		"templates/list.yaml": "apiVersion: v1\nkind: List\nitems: []\n",
		"templates/job.yaml":  "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: job-\n  annotations: {helm.sh/hook: pre-install}\n",
		"templates/_x.tpl":    `{{ define "x" }}{{ end }}`,
		"templates/NOTES.txt": "not: [yaml",
		"templates/alike.yaml": configMap("alike") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: alike}\n---\n" +
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alike, namespace: other}\n---\n" +
			"apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n",
		"templates/hooks.yaml": configMap("hook") + "  annotations: {helm.sh/hook: pre-install}\n---\n" +
			configMap("hook") + "  annotations: {helm.sh/hook: pre-upgrade}\n",
		"charts/cache/Chart.yaml":         metadata("cache", "1.0.0"),
		"charts/cache/templates/bad.yaml": `{{ fail "a disabled chart is rendered" }}`,
	})
	for range 2 { // an archive can be rendered again
		if _, err := Render(t.Context(), a, map[string]any{"color": "red"}, options); err != nil {
			t.Fatal(err)
		}
	}
	upgrade := options
	upgrade.Upgrade, upgrade.Revision = true, 2
	if _, err := Render(t.Context(), a, nil, upgrade); err != nil {
		t.Error(err)
	}
}

func TestRenderRefuses(t *testing.T) {
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
	secret := map[string]any{"db": map[string]any{"password": password}, "list": []any{password + "-2"}}
	for name, c := range map[string]struct {
		files  map[string]string
		values map[string]any
		parts  []string
	}{
		"library": {map[string]string{"Chart.yaml": metadata("web", "1.0.0", "type: library")}, nil, []string{"library"}},
		"old Kubernetes": {map[string]string{"Chart.yaml": metadata("web", "1.0.0", "kubeVersion: \">=1.99.0\"")}, nil,
			[]string{">=1.99.0", "v1."}},
		"nil pointer": {map[string]string{"templates/deployment.yaml": deployment + "spec:\n  replicas: {{ .Values.a.b.c }}\n"}, nil,
			[]string{"web/templates/deployment.yaml:6:22", "<.Values.a.b.c>", "nil pointer"}},
		"required": {map[string]string{"templates/deployment.yaml": deployment + "spec: {{ required \"give image.tag\" .Values.image }}\n"}, nil,
			[]string{"web/templates/deployment.yaml:5:9: give image.tag"}},
		"fail says a value": {map[string]string{"templates/cm.yaml": `{{ fail (printf "%s is too weak" .Values.db.password) }}`}, secret,
			[]string{"web/templates/cm.yaml:1:3: *** is too weak"}},
		"inside a helper": {map[string]string{
			"templates/_h.tpl":  "{{ define \"web.name\" }}\n{{ .Values.x.y }}\n{{ end }}",
			"templates/cm.yaml": "\n{{ include \"web.name\" . }}"}, nil,
			[]string{"web/templates/_h.tpl:2:10: at <.Values.x.y>", "(included by web/templates/cm.yaml:2:3)"}},
		"tpl of a value": {map[string]string{"templates/cm.yaml": `{{ tpl .Values.db.password . }}`},
			map[string]any{"db": map[string]any{"password": password + "{{ .Nope.nope }}"}}, []string{"web/templates/cm.yaml:1:3"}},
		"tpl that is none": {map[string]string{"templates/cm.yaml": `{{ tpl (printf "%s{{" .Values.db.password) . }}`}, secret,
			[]string{"web/templates/cm.yaml:1:3"}},
		"syntax": {map[string]string{"templates/cm.yaml": "a\nb\n{{ if }}"}, nil,
			[]string{"web/templates/cm.yaml:3", "missing value for if"}},
		"unknown function": {map[string]string{"templates/cm.yaml": "{{ nope }}"}, nil,
			[]string{"web/templates/cm.yaml:1", `"nope" not defined`}},
		"broken YAML": {map[string]string{"templates/cm.yaml": "a: b\n  c: {{ .Values.db.password }}\n"}, secret,
			[]string{"web/templates/cm.yaml", "line 2"}},
		"no object": {map[string]string{"templates/cm.yaml": "{{ .Values.db.password }}"}, secret,
			[]string{"web/templates/cm.yaml", "not an object"}},
		"no kind": {map[string]string{"templates/cm.yaml": "a: b"}, nil, []string{"web/templates/cm.yaml", "no kind"}},
		"no version": {map[string]string{"templates/cm.yaml": "kind: ConfigMap"}, nil,
			[]string{"web/templates/cm.yaml", "ConfigMap has no apiVersion"}},
		"no name": {map[string]string{"templates/cm.yaml": configMap("{{ .Values.nope }}")}, nil,
			[]string{"web/templates/cm.yaml", "no metadata.name"}},
		"a number as name": {map[string]string{"templates/cm.yaml": configMap("123")}, nil, []string{"web/templates/cm.yaml", "quotes"}},
		"a hook": {map[string]string{"templates/job.yaml": "kind: Job\nmetadata:\n  name: x\n  annotations: {helm.sh/hook: pre-install}\n"},
			nil, []string{"web/templates/job.yaml", "apiVersion"}},
		"an object twice": {map[string]string{"templates/a.yaml": configMap("a") + "---\n" + configMap("b"),
			"templates/z.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: x}\n- metadata: {name: b, namespace: review-x}\n"}, nil,
			[]string{"ConfigMap/b is in it twice: in web/templates/", "web/templates/z.yaml"}},
		"an object in two versions": {map[string]string{
			"templates/a.yaml": deployment + "---\n" + strings.Replace(deployment, "apps/v1", "apps/v1beta1", 1)},
			nil, []string{"Deployment/web is twice in web/templates/a.yaml"}},
		"its own namespace": {map[string]string{
			"templates/a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ .Release.Namespace }}'}\n"},
			nil, []string{"web/templates/a.yaml: the chart brings Namespace review-x"}},
		"a record": {map[string]string{"templates/a.yaml": configMap("a") + "---\n" +
			"{apiVersion: v1, kind: SecretList, items: [{metadata: {name: sh.helm.release.v1.web.v9}}]}\n"}, nil,
			[]string{"web/templates/a.yaml: the chart brings Secret/sh.helm.release.v1.web.v9"}},
		"a hook's record": {map[string]string{"templates/a.yaml": "{apiVersion: v1, kind: Secret, type: helm.sh/release.v1, " +
			"metadata: {name: x, annotations: {helm.sh/hook: pre-install}}}\n"}, nil,
			[]string{"web/templates/a.yaml: the chart brings Secret/x"}},
		"notes": {map[string]string{"templates/NOTES.txt": "{{ .Values.a.b }}"}, nil, []string{"web/templates/NOTES.txt:1"}},
		"a CRD": {map[string]string{"crds/x.yaml": "kind: CustomResourceDefinition"}, nil, []string{"web/crds/x.yaml", "apiVersion"}},
		"another kind in crds": {map[string]string{"crds/x.yaml": crd + "---\n" + configMap("stray")}, nil,
			[]string{"web/crds/x.yaml: the crds folder holds ConfigMap/stray", "templates"}},
		"another kind in a list of crds": {map[string]string{
			"crds/x.yaml": "{apiVersion: v1, kind: SecretList, items: [{metadata: {name: stray}}]}"},
			nil, []string{"web/crds/x.yaml: the crds folder holds Secret/stray"}},
		"a kind of another group in crds": {map[string]string{"crds/x.yaml": "{apiVersion: example.com/v1, kind: CustomResourceDefinition, " +
			"metadata: {name: stray}}"}, nil, []string{"web/crds/x.yaml: the crds folder holds CustomResourceDefinition/stray"}},
		"another kind in crds of a dependency": {map[string]string{"Chart.yaml": metadata("web", "1.0.0", "dependencies:",
			"- {name: fleet, version: 1.0.0}"), "charts/fleet/Chart.yaml": metadata("fleet", "1.0.0"),
			"charts/fleet/crds/x.yaml": configMap("stray")},
			nil, []string{"crds/x.yaml: the crds folder holds ConfigMap/stray"}},
		"a broken schema": {map[string]string{"values.schema.json": "{"}, nil, []string{"schema"}},
		"endless include": {map[string]string{"templates/cm.yaml": `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`}, nil,
			[]string{"web/templates/cm.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(t.Context(), archive(t, c.files), c.values, options)
			wantProblem(t, err, problem.ChartInvalid, c.parts...)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
		})
	}
}

func TestRenderNamesValuesThatDoNotFit(t *testing.T) {
	schema := `{"type":"object","additionalProperties":false,"required":["image"],"properties":{
		"global":{},"cache":{},
		"replicas":{"type":"integer","minimum":1},
		"image":{"type":"object","properties":{"tag":{"type":"string","pattern":"^v"}}},
		"hosts":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":3}}}},
		"mode":{"enum":["a","b"]}, "mail":{"type":"string","minLength":50}, "any":{"anyOf":[{"type":"integer"},{"type":"boolean"}]}}}`
	a := archive(t, map[string]string{
		"Chart.yaml":                      metadata("web", "1.0.0", "dependencies:", "- {name: cache, version: 1.0.0}"),
		"values.schema.json":              schema,
		"charts/cache/Chart.yaml":         metadata("cache", "1.0.0"),
		"charts/cache/values.schema.json": `{"properties":{"size":{"type":"integer"}}}`,
	})
	for name, c := range map[string]struct {
		values map[string]any
		want   string
	}{
		"type":    {map[string]any{"image": map[string]any{}, "replicas": password}, "replicas: expected integer, got string"},
		"minimum": {map[string]any{"image": map[string]any{}, "replicas": 0}, "replicas: minimum is 1"},
		"pattern": {map[string]any{"image": map[string]any{"tag": password}}, "image.tag: does not match the pattern '^v'"},
		"length":  {map[string]any{"image": map[string]any{}, "mail": password}, "mail: minLength is 50"},
		"in a list": {map[string]any{"image": map[string]any{}, "hosts": []any{map[string]any{"name": password}}},
			"hosts[0].name: maxLength is 3"},
		"enum":    {map[string]any{"image": map[string]any{}, "mode": password}, "mode: value must be one of 'a', 'b'"},
		"missing": {map[string]any{}, "the values: missing property 'image'"},
		"unknown": {map[string]any{"image": map[string]any{}, "imgae": password}, "the values: additional properties 'imgae' not allowed"},
		"any of":  {map[string]any{"image": map[string]any{}, "any": password}, "any: expected integer, got string"},
		"dependency": {map[string]any{"image": map[string]any{}, "cache": map[string]any{"size": password}},
			"cache.size: expected integer, got string"},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, refused(Render(t.Context(), a, c.values, options)), problem.ChartInvalid, c.want)
		})
	}
}

func TestRenderUsesTheClustersVersion(t *testing.T) {
	a := archive(t, map[string]string{"Chart.yaml": metadata("web", "1.0.0", `kubeVersion: ">=1.36.0-0"`)})
	o := options
	o.Capabilities = chartutil.DefaultCapabilities.Copy()
	o.Capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.36.2-gke.1", Major: "1", Minor: "36"}
	if _, err := Render(t.Context(), a, nil, o); err != nil {
		t.Error(err)
	}
	o.Capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}
	wantProblem(t, refused(Render(t.Context(), a, nil, o)), problem.ChartInvalid, ">=1.36.0-0", "v1.30.0")
}

// A schema that refers to another one, which cannot be had, is a fault of the network,
// unless the server there says that it has none.
func TestRenderTellsWhySchemaCannotBeLoaded(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case "/page":
			fmt.Fprint(w, "<html>log in</html>")
		case "/text":
			fmt.Fprint(w, "nonsense")
		default:
			http.NotFound(w, r)
		}
	}))
	gone := serve(t, http.NotFoundHandler())
	gone.Close()
	for address, want := range map[string]struct {
		reason problem.ExitReason
		say    string
	}{
		gone.URL + "/x":       {problem.Unanswered, "refused"},
		server.URL + "/busy":  {problem.Unanswered, "503"},
		server.URL + "/page":  {problem.Unanswered, "HTML"},
		server.URL + "/text":  {problem.ChartInvalid, "invalid character"},
		server.URL + "/other": {problem.ChartInvalid, "404"},
	} {
		a := archive(t, map[string]string{
			"Chart.yaml":                      metadata("web", "1.0.0", "dependencies:", "- {name: cache, version: 1.0.0}"),
			"charts/cache/Chart.yaml":         metadata("cache", "1.0.0"),
			"charts/cache/values.schema.json": `{"$ref": "` + address + `"}`,
		})
		values := map[string]any{"cache": map[string]any{"a": 1}}
		wantProblem(t, refused(Render(t.Context(), a, values, options)), want.reason, address, want.say)
		skip := options
		skip.SkipSchema = true
		if _, err := Render(t.Context(), a, values, skip); err != nil {
			t.Errorf("%s: with skip-schema-validation: %v", address, err)
		}
	}
}

// A schema tells nothing of the machine's files, whose it is and wherever it lies, and what
// it refers to has an end.
func TestSchemasThatAreRefused(t *testing.T) {
	secret := map[string]string{"s.json": `{"enum": ["` + password + `"], "auths": {"h": "` + password + `"}}`}
	file := filepath.Join(write(t, "", secret), "s.json")
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			fmt.Fprintf(w, `{"$ref": "file://%s"}`, file)
			return
		}
		_, err := fmt.Fprint(w, `{"title": "`)
		for part := strings.Repeat("a", 1<<20); err == nil; {
			_, err = fmt.Fprint(w, part)
		}
	}))
	const noFile = "and not to files of this machine"
	for schema, say := range map[string]string{
		`{"$ref": "file://` + file + `"}`:                                       noFile,
		`{"$ref": "file://` + file + `#/auths/h"}`:                              noFile,
		`{"$ref": "FILE://` + file + `#/nope"}`:                                 noFile,
		`{"$ref": "file:///no/such/file"}`:                                      noFile,
		`{"$id": "file://` + filepath.Dir(file) + `/x.json", "$ref": "s.json"}`: noFile,
		`{"$schema": "file://` + file + `"}`:                                    noFile,
		`{"$ref": "s.json"}`:                                                    noFile,
		`{"$ref": "` + server.URL + `/file"}`:                                   noFile,
		`{"properties": {"a": {"$ref": "` + server.URL + `/endless"}}}`:         "larger than 16 MiB",
	} {
		a := archive(t, map[string]string{"Chart.yaml": metadata("web", "1.0.0"), "values.schema.json": schema})
		wantProblem(t, refused(Render(t.Context(), a, map[string]any{"a": 1}, options)), problem.ChartInvalid, say, "$ref")
	}
	a := archive(t, map[string]string{"Chart.yaml": metadata("web", "1.0.0"),
		"values.schema.json": `{"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"$ref": "urn:x:y"}}}`})
	if _, err := Render(t.Context(), a, map[string]any{"a": 1, "b": 2}, options); err != nil {
		t.Error(err)
	}
	wantProblem(t, refused(Render(t.Context(), a, map[string]any{"a": "x"}, options)), problem.ChartInvalid, "a: expected integer, got string")
}

// A chart may ask for the kinds of its own CRDs, which are made before it is rendered.
// One that exists is never changed, so its chart's versions do not count.
func TestRenderKnowsTheChartsOwnKinds(t *testing.T) {
	crd := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: boats.example.com}\n" +
		"spec: {group: example.com, names: {kind: Boat}, versions: [{name: v1, served: true}, {name: v2, served: false}]}\n"
	a := archive(t, map[string]string{
		"Chart.yaml":  metadata("web", "1.0.0", "dependencies:", "- {name: fleet, version: 1.0.0, condition: fleet.enabled}"),
		"values.yaml": "fleet: {enabled: true}\n", "charts/fleet/Chart.yaml": metadata("fleet", "1.0.0"), "charts/fleet/crds/boats.yaml": crd,
		"templates/a.yaml": `{{ range list "example.com/v1" "example.com/v1/Boat" }}{{ if not ($.Capabilities.APIVersions.Has .) }}{{ fail . }}{{ end }}{{ end }}
{{ if .Capabilities.APIVersions.Has "example.com/v2" }}{{ fail "v2 is not served" }}{{ end }}`,
	})
	upgrade := options
	upgrade.Upgrade = true
	for _, o := range []RenderOptions{options, upgrade} {
		if _, err := Render(t.Context(), a, nil, o); err != nil {
			t.Error(err)
		}
	}
	if chartutil.DefaultCapabilities.APIVersions.Has("example.com/v1") {
		t.Error("the capabilities of every chart were changed")
	}
	wantProblem(t, refused(Render(t.Context(), a, map[string]any{"fleet": map[string]any{"enabled": false}}, options)), problem.ChartInvalid,
		"example.com/v1")
	exists := options
	exists.Capabilities = chartutil.DefaultCapabilities.Copy()
	exists.Capabilities.APIVersions = []string{"example.com/v1alpha1", "example.com/v1alpha1/Boat"}
	wantProblem(t, refused(Render(t.Context(), a, nil, exists)), problem.ChartInvalid, "example.com/v1")
}
