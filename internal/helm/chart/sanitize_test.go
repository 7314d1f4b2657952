package chart

import (
	"errors"
	"strings"
	"testing"
)

func TestSanitize(t *testing.T) {
	for given, want := range map[string]string{
		"get https://robot:hunter2@charts.example/x.tgz?sig=abc: 403": "get https://***@charts.example/x.tgz: 403",
		"the token s3cr3t-token is wrong":                             "the token *** is wrong",
		"a short one is no secret: abc":                               "a short one is no secret: abc",
		"two\nlines\x1b[31m":                                          "two lines",
		strings.Repeat("ä", maxText+1):                                strings.Repeat("ä", maxText-1) + "…",
	} {
		if got := sanitize(given, "s3cr3t-token", "abc"); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

// A value that contains another is masked as a whole.
func TestMaskValues(t *testing.T) {
	values := map[string]any{"a": "secret", "b": []any{map[string]any{"c": "secretive"}}, "d": "short", "e": 12345678}
	if got := maskValues("secretive secret short 12345678", values); got != "*** *** short 12345678" {
		t.Error(got)
	}
}

func TestYAMLError(t *testing.T) {
	for given, want := range map[string]string{
		"error converting YAML to JSON: yaml: line 3: found `secret` here":       "line 3: found … here",
		"error converting YAML to JSON: yaml: mapping values are not allowed":    "mapping values are not allowed",
		"json: cannot unmarshal string into Go value of type map[string]any":     "the file is not a map of values (key: value)",
		"error converting YAML to JSON: yaml: line 1: did not find 'a' or \"b\"": "line 1: did not find … or …",
	} {
		if got := yamlError(errors.New(given)); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}
