package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

func TestCheckedOutFiles(t *testing.T) {
	o := &input.Options{ChartSource: input.ChartSource{Chart: "./chart"}, ChartValues: input.ChartValues{
		Values:  []string{"values.yaml", "-", "https://example.com/v.yaml", "env/{{ .Slug }}/x.yaml", "{{ .Slug }}.yaml", "../{{ .Slug }}.yaml"},
		SetFile: []string{"a=cert.pem", "b=https://example.com/{{ .SHA }}"}}}
	want := []given{{"chart", "./chart"}, {"values", "values.yaml"}, {"values", "env/."}, {"values", "."}, {"values", "../."},
		{"set-file", "cert.pem"}}
	if got := checkedOutFiles(o); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, remote := range []input.ChartSource{{Chart: "oci://registry.example.com/shop"}, {Chart: "https://example.com/shop.tgz"},
		{Chart: "shop", ChartRepo: "https://charts.example.com"}} {
		if got := checkedOutFiles(&input.Options{ChartSource: remote}); len(got) > 0 {
			t.Errorf("%v: %v", remote, got)
		}
	}
}

func TestCheckCommit(t *testing.T) {
	const head, older = "0123456789abcdef0123456789abcdef01234567", "89abcdef0123456789abcdef0123456789abcdef"
	folder := t.TempDir()
	at := func(commit string) string {
		checkout := filepath.Join(folder, commit)
		if err := os.MkdirAll(filepath.Join(checkout, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(checkout, ".git", "HEAD"), []byte(commit), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(checkout, "chart")
	}
	asked := ci.Context{SHA: head, PullRequest: 7, Comment: ci.Comment{Asked: true}}
	for name, tt := range map[string]struct {
		about ci.Context
		verb  verb.Verb
		chart string
		sha   string
		says  string // "" where it goes on
	}{
		"the head":                {asked, verb.Deploy, at(head), "", ""},
		"the head, and its hash":  {asked, verb.Deploy, at(head), strings.ToUpper(head[:8]), ""},
		"another hash":            {asked, verb.Deploy, at(head), older, "leave sha out"},
		"an older commit":         {asked, verb.Deploy, at(older), "", "it is of " + older},
		"no checkout":             {asked, verb.Deploy, filepath.Join(folder, "none"), "", "it is in no checkout of " + head},
		"a chart of a registry":   {asked, verb.Deploy, "oci://registry.example.com/shop", "", ""},
		"to take it down":         {asked, verb.Teardown, at(older), "", ""},
		"to check it":             {asked, verb.Check, at(older), "", ""},
		"any other event's chart": {ci.Context{SHA: head}, verb.Deploy, at(older), older, ""},
	} {
		o := &input.Options{Verb: tt.verb, ChartSource: input.ChartSource{Chart: tt.chart}, Identity: input.Identity{SHA: tt.sha}}
		ended := Process{Environ: []string{"GITHUB_ACTIONS=true"}}.checkCommit(o, tt.about)
		if (ended == nil) != (tt.says == "") || ended != nil && (exitCode(ended.Reason) != exitWrongInput || !strings.Contains(ended.Cause, tt.says)) {
			t.Errorf("%s: %+v", name, ended)
		}
	}
}
