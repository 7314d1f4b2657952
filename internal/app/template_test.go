package app

import (
	"errors"
	"testing"
)

func TestValuesKnowEveryName(t *testing.T) {
	s := branch("main")
	s.PullRequest, s.SHA = 7, "abc1234"
	a, err := New(s, Templates{URL: "https://{{ .Slug }}.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := render("values",
		"{{ .App }} {{ .Slug }} {{ .Branch }} {{ .PullRequest }} {{ .SHA }} {{ .URL }} {{ .Host }} {{ .Namespace }} {{ .Release }}", a.Values())
	if want := "shop main main 7 abc1234 https://main.example.com main.example.com review-shop-main shop"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTemplateNamesWhatIsMissing(t *testing.T) {
	_, err := New(branch("main"), Templates{URL: "https://pr-{{ .PullRequest }}.example.com"})
	var bad *TemplateError
	if !errors.As(err, &bad) || bad.What != "url" || bad.Unwrap() == nil {
		t.Errorf("got %v", err)
	}
}
