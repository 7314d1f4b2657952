package app

import (
	"encoding/json"
	"errors"
	"testing"
)

// hostile is a name that Git allows for a branch.
const hostile = `a,admin=true,{x}.y"z\`

func TestRenderKeepsHostileBranchOneValue(t *testing.T) {
	a, err := New(branch(hostile), Templates{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := a.Render("set", "labels.branch={{ .Branch }}", ForSet)
	if err != nil {
		t.Fatal(err)
	}
	// Helm takes the character after a backslash as it is.
	if want := `labels.branch=a\,admin\=true\,\{x\}\.y"z\\`; set != want {
		t.Errorf("got %s, want %s", set, want)
	}

	text, err := a.Render("set-json", `{"branch": "{{ .Branch }}"}`, ForJSON)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]string
	if err := json.Unmarshal([]byte(text), &object); err != nil || object["branch"] != hostile || len(object) != 1 {
		t.Errorf("%s was read as %v, %v", text, object, err)
	}
}

func TestRenderKnowsEveryName(t *testing.T) {
	s := branch("main")
	s.PullRequest, s.SHA = 7, "abc1234"
	a, err := New(s, Templates{URL: "https://{{ .Slug }}.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Render("values", "{{ .App }} {{ .Slug }} {{ .Branch }} {{ .PullRequest }} {{ .SHA }} {{ .URL }} {{ .Host }} {{ .Namespace }} {{ .Release }}", Verbatim)
	if want := "shop main main 7 abc1234 https://main.example.com main.example.com review-shop-main shop"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRenderNamesWhatIsMissing(t *testing.T) {
	a, err := New(branch("main"), Templates{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Render("set", "host={{ .Host }}", ForSet)
	var bad *TemplateError
	if !errors.As(err, &bad) || bad.What != "set" || bad.Unwrap() == nil {
		t.Errorf("got %v", err)
	}
}
