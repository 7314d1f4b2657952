package chart

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/problem"
)

// Helm reads these as something else than text. A branch may be called so.
func TestTextStaysText(t *testing.T) {
	for _, branch := range []string{"null", "true", "FALSE", "12345", "0", "1e9", "0x1F", "~", "[]", "{}", `"x"`, "no"} {
		d := maps.Clone(data)
		d["Branch"] = branch
		got, err := Merge(t.Context(), Values{
			Set: []string{
				"bare={{ .Branch }},list={{ \"{\" }}{{ .Branch }},plain},typed=true,none=null,n=7", "at[0]={{ .Branch }}",
				"pr={{ .PullRequest }},same={{ eq .Branch \"" + strings.ReplaceAll(branch, `"`, `\"`) + "\" }}",
				`with={{ with .Branch }}{{ . }}{{ end }},var={{ $b := .Branch }}{{ $b }},in={{ template "b" . }}{{ define "b" }}{{ .Branch }}{{ end }}`,
				`constant={{ "null" }},printed={{ print "12345" }}`,
			},
			SetString: []string{"string={{ .Branch }}"},
			SetJSON: []string{
				`json={"inside":"{{ .Branch }}","outside":{{ .Branch }},"n":{{ .PullRequest }}},more={{ .Branch }}`,
				`{"object":{{ .Branch }},"list":[{{ .Branch }},"a{{ .Branch }}"]}`,
			},
			Data: d,
		})
		if err != nil {
			t.Errorf("%q: %v", branch, err)
			continue
		}
		want := map[string]any{
			"bare": branch, "list": []any{branch, "plain"}, "typed": true, "none": nil, "n": int64(7), "at": []any{branch},
			"pr": int64(7), "same": true, "with": branch, "var": branch, "in": branch, "constant": nil, "printed": int64(12345),
			"string": branch, "json": map[string]any{"inside": branch, "outside": branch, "n": 7.0}, "more": branch,
			"object": branch,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", branch, diff)
		}
	}
}

// Whatever a template does with a branch's name, it stays one value.
func TestNoVerbUndoesTheEscaping(t *testing.T) {
	const branch = `a,b=c\,d[0]{e}"f`
	d := maps.Clone(data)
	d["Branch"] = branch
	for _, action := range []string{
		`{{ .Branch }}`, `{{ printf "%s" .Branch }}`, `{{ printf "%q" .Branch }}`, `{{ printf "%#v" .Branch }}`, `{{ printf "%.3s" .Branch }}`,
		`{{ printf "%c%c" (index .Branch 1) (index .Branch 3) }}`, `{{ print .Branch .Branch }}`, `{{ println .Branch }}`,
		`{{ js .Branch }}`, `{{ html .Branch }}`, `{{ urlquery .Branch }}`, `{{ slice .Branch 1 }}`, `{{ slice .Branch 1 2 }}`,
		`{{ .Branch | printf "%s,x=%s" .Slug }}`, `{{ or .Branch "x" }}`, `{{ and "x" .Branch }}`, `{{ with $x := .Branch }}{{ $x }}{{ end }}`,
		`{{ if true }}{{ .Branch }}{{ end }}`, `{{ define "t" }}{{ . }}{{ end }}{{ template "t" .Branch }}`,
		`{{ block "u" .Branch }}{{ js . }}{{ end }}`, `{{ . }}`, `{{ range $k, $v := . }}{{ $v }}{{ end }}`, `{{ index . "Branch" }}`,
		`\{{ .Branch }}`, `\\{{ .Branch }}`, `{{ .Branch }}\\`,
	} {
		for input, v := range map[string]Values{
			"set":        {Set: []string{"before=1,key=" + action + ",after=2"}},
			"set-string": {SetString: []string{"before=1,key=" + action + ",after=2"}},
			"set-json":   {SetJSON: []string{`{"before":1,"key":"` + action + `","after":2}`}},
			"key=JSON":   {SetJSON: []string{`before=1,key="` + action + `",after=2`}},
		} {
			v.Data = d
			got, err := Merge(t.Context(), v)
			if err != nil {
				wantProblem(t, err, problem.WrongInput)
				continue // a lone \ of the template itself is no JSON
			}
			if _, isText := got["key"].(string); !isText || len(got) != 3 {
				t.Errorf("%s with %s: %#v", input, action, got)
			}
		}
	}
	keys, err := Merge(t.Context(), Values{Set: []string{"{{ .Branch }}=1"}, SetJSON: []string{"{{ .Branch }}=1"}, Data: d})
	if err != nil || len(keys) != 1 || keys[branch] != int64(1) {
		t.Errorf("got %v, %v", keys, err)
	}
}

func FuzzTextStaysText(f *testing.F) {
	for _, branch := range []string{"null", "12345", `a,b=c`, `\`, `{{ .SHA }}`, `","x":"`, "[0]", "}", "\u2028", `\"`, "é\\"} {
		f.Add(branch, "key={{ .Branch }}", `{"key":"{{ .Branch }}"}`)
	}
	f.Add("x", `key=\{{ .Branch }}`, `{"key":{{ .Branch }}}`)
	f.Add("x", `a[0].key={ {{ .Branch }},y}`, `key={{ .Branch }}`)
	f.Fuzz(func(t *testing.T, branch, set, object string) {
		if !utf8.ValidString(branch) || strings.ContainsAny(branch, textBegin+textEnd) || branch == "" {
			t.Skip("no branch is called so")
		}
		d := TemplateData{"Branch": branch}
		v := Values{Set: []string{"key={{ .Branch }}"}, SetString: []string{"string={{ .Branch }}"},
			SetJSON: []string{`{"inside":"{{ .Branch }}","outside":{{ .Branch }}}`}, Data: d}
		got, err := Merge(t.Context(), v)
		want := map[string]any{"key": branch, "string": branch, "inside": branch, "outside": branch}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		// An item that somebody else wrote may be anything, and ends.
		if len(set)+len(object) < 1000 && !strings.Contains(set+object, "range") {
			_, _ = Merge(t.Context(), Values{Set: []string{set}, SetString: []string{set}, SetJSON: []string{object}, Data: d})
		}
		if !json.Valid([]byte(jsonSyntax(`{"a":"` + textBegin + branch + textEnd + `"}`))) {
			t.Errorf("%q is no JSON text", branch)
		}
	})
}
