package chart

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/problem"
)

var data = TemplateData{
	"App": "shop", "Slug": "feature-x-1a2b3c", "Branch": "feature/x", "PullRequest": "7", "SHA": "0123abc",
	"URL": "https://x.example.com", "Host": "x.example.com", "Namespace": "review-shop-x", "Release": "shop",
}

func TestMergePrecedence(t *testing.T) {
	t.Chdir(write(t, "", map[string]string{
		"base.yaml":             "a: base\nb: base\nkeep: {x: 1, z: 2}\ngone: {z: 1}\n",
		"env/review-shop.yaml":  "b: review\nkeep: {z: 3}\ngone: null\n",
		"files/greeting.txt":    "Ahoy, {{ .Branch }}",
		"files/feature-x-1.txt": "by slug",
	}))
	got, err := Merge(t.Context(), Values{
		Files:     []string{"base.yaml", "env/review-{{ .App }}.yaml"},
		SetJSON:   []string{`json={"branch":"{{ .Branch }}","pr":{{ .PullRequest }}}`, `a="json"`},
		Set:       []string{"a=set,pr={{ .PullRequest }},list[0]=first", "host={{ .Host }}", "on={{ eq .Branch \"feature/x\" }}"},
		SetString: []string{"a=string,sha={{ .SHA }}", `ann.example\.com/url={{ .URL }}`},
		SetFile:   []string{"greeting=files/greeting.txt", `file=files/{{ slice .Slug 0 11 }}.txt`},
		Data:      data,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": "string", "b": "review",
		"keep":     map[string]any{"x": 1.0, "z": 3.0},
		"gone":     nil,
		"json":     map[string]any{"branch": "feature/x", "pr": 7.0},
		"pr":       int64(7),
		"list":     []any{"first"},
		"host":     "x.example.com",
		"on":       true,
		"sha":      "0123abc",
		"ann":      map[string]any{"example.com/url": "https://x.example.com"},
		"greeting": "Ahoy, {{ .Branch }}",
		"file":     "by slug",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One item of set-json may be an object, and any set input may have several lines.
func TestMergeTakesWhatHelmTakes(t *testing.T) {
	t.Chdir(write(t, "", map[string]string{"marked.yaml": "---\n# none\n---\na: file\nkeep: {x: 1}\n---\n", "empty.yaml": "---\n"}))
	got, err := Merge(t.Context(), Values{
		Files:     []string{"marked.yaml", "empty.yaml", "-"},
		SetJSON:   []string{` {"keep": {"y": {"z": [1, {"b": null}]}, "b": "{{ .Branch }}"}}`, "list=[1,\n2]"},
		Set:       []string{"text=a\nb", "blank=x "},
		SetString: []string{"number=1\n"},
		SetFile:   []string{"file=-"},
		Stdin:     strings.NewReader("stdin: true\n"),
		Data:      data,
	})
	want := map[string]any{
		"a": "file", "stdin": true, "text": "a\nb", "blank": "x ", "number": "1\n", "file": "", "list": []any{1.0, 2.0},
		"keep": map[string]any{"x": 1.0, "b": "feature/x", "y": map[string]any{"z": []any{1.0, map[string]any{"b": nil}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// Standard input that nobody ends does not hold up an interrupted run.
func TestMergeStopsReadingStandardInput(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Merge(ctx, Values{Files: []string{"-"}, Stdin: reader})
	wantProblem(t, err, problem.Interrupted, "values file -")
}

// Helm 3 takes the first of several documents and Helm 4 merges them, so neither is
// taken in silence.
func TestMergeRefusesSeveralDocuments(t *testing.T) {
	for text, line := range map[string]string{
		"a: 1\n---\nb: 2\n":                           "line 3",
		"---\r\na: 1\r\n---\r\n# x\r\nb: 2\r\n":       "line 5",
		"# x\n---\na: 1\n...\n---\n\n--- {b: 2}\n":    "line 7",
		"%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n--- b": "line 6",
		"a: |\n  ---\n  b\n--- # c\n- d\n":            "line 5",
	} {
		t.Chdir(write(t, "", map[string]string{"several.yaml": text}))
		_, err := Merge(t.Context(), Values{Files: []string{"several.yaml"}})
		wantProblem(t, err, problem.ChartInvalid, "several.yaml", line)
	}
	for _, text := range []string{
		"", "---", "a: |\n  ---\n  b\n", "--- {a: 1}\n...\n", "a: 1\n---\n# end\n",
		"\n---\n---\na: '--- x'\n", "---x: 1\n",
	} {
		t.Chdir(write(t, "", map[string]string{"one.yaml": text}))
		if _, err := Merge(t.Context(), Values{Files: []string{"one.yaml"}}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A branch is text that anybody may choose. It must stay one value.
func TestHostileBranchStaysOneValue(t *testing.T) {
	for _, branch := range []string{
		`x,replicas=100`, `{a,b}`, `x\`, `x\,y=1`, `x[0]=y`, `a.b=c`, `","admin":true,"x":"`, "line\nbreak", `{{ .SHA }}`, `<script>&`, `x"`,
		"ünïcode",
	} {
		d := maps.Clone(data)
		d["Branch"] = branch
		got, err := Merge(t.Context(), Values{
			Set:       []string{"set.text=v{{ .Branch }}", "bare={{ .Branch }}"},
			SetString: []string{"string={{ .Branch }}", `printed={{ printf "%s!" .Branch }}`},
			SetJSON:   []string{`json={"text":"{{ .Branch }}"}`},
			Data:      d,
		})
		if err != nil {
			t.Errorf("%q: %v", branch, err)
			continue
		}
		want := map[string]any{
			"set": map[string]any{"text": "v" + branch}, "bare": branch, "string": branch, "printed": branch + "!",
			"json": map[string]any{"text": branch},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", branch, diff)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Chdir(write(t, "", map[string]string{
		"bad.yaml":  "password: " + password + "\n  nope: [\n",
		"text.yaml": password,
		"list.yaml": "- a\n",
	}))
	for name, c := range map[string]struct {
		values Values
		branch string
		parts  []string
	}{
		"missing file": {Values{Files: []string{"nowhere/{{ .Slug }}.yaml"}}, "",
			[]string{"nowhere/feature-x-1a2b3c.yaml", "no such file"}},
		"bad YAML":      {Values{Files: []string{"bad.yaml"}}, "", []string{"bad.yaml", "line 2"}},
		"no map":        {Values{Files: []string{"text.yaml"}}, "", []string{"text.yaml", "not a map"}},
		"a list":        {Values{Files: []string{"list.yaml"}}, "", []string{"list.yaml", "not a map"}},
		"set without =": {Values{Set: []string{"a=b", password}}, "", []string{"item 2 of set", "key=value"}},
		"set after a comma": {Values{Set: []string{"db.password=" + password + "," + password}}, "",
			[]string{"item 1 of set", "db.password", "comma"}},
		"set a bad index":  {Values{SetString: []string{"list[x]=" + password}}, "", []string{"item 1 of set-string (list[…]=…)"}},
		"set a huge index": {Values{Set: []string{"list[99999999]=" + password}}, "", []string{"list[99999999]"}},
		"set-json":         {Values{SetJSON: []string{"db={\"password\": " + password}}, "", []string{"item 1 of set-json (db=…)", "JSON"}},
		"set-json object":  {Values{SetJSON: []string{`{"password": "` + password + `=",}`}}, "", []string{"item 1 of set-json", "JSON object"}},
		"set-file": {Values{SetFile: []string{"key=nowhere.txt"}}, "",
			[]string{"item 1 of set-file (key=…)", "nowhere.txt", "no such file"}},
		"content for a values file": {Values{Files: []string{"password: " + password}}, "", []string{"not shown", "no such file"}},
		"an object for a file":      {Values{Files: []string{`{db: {pw: ` + password + `}}`}}, "", []string{"not shown", "no such file"}},
		"set-file for set": {Values{SetFile: []string{"password=" + password}}, "",
			[]string{"(password=…)", "not shown", "no such file"}},
		"an address without a slash": {Values{Files: []string{"https:/bob:" + password + "@h/x.yaml"}}, "", []string{"not shown"}},
		"an address without a scheme": {Values{Files: []string{"//bob:" + password + "@h/x.yaml"}}, "",
			[]string{"not shown"}},
		"a query with a template": {Values{Files: []string{"https://h/x.yaml?sig={{ .Nope" + "hunter2 }}"}}, "", []string{"cannot be filled in"}},
		"unknown field": {Values{Set: []string{"password=" + password + "{{ .Nope }}"}}, "",
			[]string{"template of set (password=…)", "{{ .Slug }}"}},
		"a password with braces": {Values{SetString: []string{"password=x{{" + password + "}}"}}, "",
			[]string{"template of set-string (password=…)", "cannot be filled in"}},
		"one that looks like a field": {Values{SetJSON: []string{`db={"password": "{{ .` + password + ` }}"}`}}, "",
			[]string{"template of set-json (db=…)"}},
		"a value before =": {Values{SetJSON: []string{`"` + password + `=x"`}}, "", []string{"item 1 of set-json:"}},
		"open template":    {Values{Files: []string{"values/{{ .Slug"}}, "", []string{"template of values", "unclosed action"}},
		"unknown function": {Values{Files: []string{`{{ env "HOME" }}.yaml`}}, "", []string{`"env" not defined`}},
		"no end": {Values{Files: []string{`{{ range 999999999 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}`}}, "",
			[]string{"1 MiB"}},
		"recursion": {Values{Files: []string{`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`}}, "",
			[]string{"template of values"}},
		"out of the folder": {Values{Files: []string{"values/{{ .Branch }}.yaml"}}, "../../etc/passwd",
			[]string{"out of the folder", "{{ .Slug }}"}},
		"to the root":     {Values{Files: []string{"{{ .Branch }}"}}, "/etc/passwd", []string{"out of the folder"}},
		"to another host": {Values{Files: []string{"{{ .Branch }}"}}, "https://evil.invalid/x.yaml", []string{"out of the folder"}},
		"to a host of its own": {
			Values{Files: []string{"https://{{ .Branch }}.cfg.invalid/x.yaml"}}, "evil.invalid/x", []string{"out of the folder"}},
		"to a host of its own, of a file": {
			Values{SetFile: []string{"a=https://cfg{{ .Branch }}"}}, "@evil.invalid", []string{"out of the folder"}},
		"set-file out": {Values{SetFile: []string{"key=files/{{ .Branch }}"}}, "../../etc/passwd",
			[]string{"set-file", "out of the folder"}},
		"set-file to the root": {Values{SetFile: []string{"key={{ .Branch }}"}}, "/etc/passwd", []string{"set-file", "out of the folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.values.Data = maps.Clone(data)
			if c.branch != "" {
				c.values.Data["Branch"] = c.branch
			}
			_, err := Merge(t.Context(), c.values)
			wantProblem(t, err, problem.WrongInput, c.parts...)
		})
	}
}

func TestMergeReadsFromAnAddress(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/values.yaml" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "a: remote")
	}))
	got, err := Merge(t.Context(), Values{Files: []string{server.URL + "/values.yaml"}})
	if err != nil || got["a"] != "remote" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = Merge(t.Context(), Values{Files: []string{server.URL + "/nope.yaml"}})
	wantProblem(t, err, problem.WrongInput, "/nope.yaml", "404")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Merge(ctx, Values{Files: []string{server.URL + "/values.yaml"}})
	wantProblem(t, err, problem.Interrupted)
}

func TestMergeIsEmptyWithoutInput(t *testing.T) {
	got, err := Merge(t.Context(), Values{})
	if err != nil || got == nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestContent(t *testing.T) {
	var hidden []string
	v := Values{Content: "db:\n  password: hunter2-content\n  port: 5432\nhosts: [one.example.com]\nimage: \"{{ .Slug }}\"\n",
		Set: []string{"db.port=1"}, Hide: func(s ...string) { hidden = append(hidden, s...) }}
	got, err := Merge(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "map[db:map[password:hunter2-content port:1] hosts:[one.example.com] image:{{ .Slug }}]" {
		t.Errorf("got %s", s)
	}
	slices.Sort(hidden)
	if !slices.Equal(hidden, []string{"hunter2-content", "one.example.com", "{{ .Slug }}"}) {
		t.Errorf("hidden are %q", hidden)
	}
	for _, content := range []string{
		"hunter2-content", "- hunter2-content", "a: [hunter2-content", "a: hunter2-content: b", "a: 1\n---\nb: hunter2-content\n",
		"a: *hunter2-content",
	} {
		if _, err := Merge(t.Context(), Values{Content: content}); err == nil || strings.Contains(err.Error(), "hunter2") ||
			!strings.Contains(err.Error(), "values-content") {
			t.Errorf("%q: %v", content, err)
		}
	}
}
