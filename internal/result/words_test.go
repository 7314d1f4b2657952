package result

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// kept are the texts of a result that stay as they are: names, verbs, words of a fixed
// set, and what is made of these.
var kept = []string{
	"Subject.App", "Subject.Namespace", "Subject.Release",
	"Exit.Repair", "Exit.RBAC",
	"Permission.Verb", "Permission.Group", "Permission.Resource", "Permission.Namespace", "Permission.Name",
	"Check.Name",
	"Ref.APIVersion", "Ref.Kind", "Ref.Namespace", "Ref.Name",
	"Object.UID", "Object.Owner", "Object.Defines", "Object.Maker", "Object.Volume", "Difference.Digest", "Difference.Author",
	"LogTail.Container", "Cause.Container",
	"SweptApp.Namespace", "SweptApp.Release",
	"Write.Verb", "Write.Resource", "Write.Key", "Requests.Verb", "Requests.Resource",
}

// A field that is added to the result is masked, or named above.
func TestWithTextReachesEveryText(t *testing.T) {
	r := Result{
		Exit: Exit{Missing: make([]problem.MissingPermission, 1)},
		Proof: Proof{
			Checks: []Check{{Findings: make([]string, 1)}}, Kept: make([]string, 1), Remains: make([]string, 1),
			Evidence: make([]string, 1),
			Objects:  []facts.Object{{Contents: facts.Contents{Differences: make([]facts.Difference, 1), Notes: make([]string, 1)}}},
			Diagnostics: &Diagnostics{
				Objects:  []facts.Object{{Contents: facts.Contents{Differences: make([]facts.Difference, 1), Notes: make([]string, 1)}}},
				Faults:   make([]Fault, 1),
				Symptoms: []Symptom{{Events: make([]string, 1), Logs: []LogTail{{Lines: make([]string, 1)}}}},
			},
		},
		Log: Log{
			Timeline: []Event{{Parts: make([]Event, 1)}}, Notes: make([]Note, 1), Audit: make([]Write, 1), Traffic: make([]Requests, 1),
		},
		Sweep: &Sweep{Apps: []SweptApp{{Left: make([]string, 1)}}},
	}
	const secret = "hunter2hunter2"
	texts(reflect.ValueOf(&r).Elem(), "Result", func(_ string, v reflect.Value) { v.SetString(secret) })
	masked := r.WithText(func(s string) string { return strings.ReplaceAll(s, secret, "***") })
	count := 0
	texts(reflect.ValueOf(&masked).Elem(), "Result", func(name string, v reflect.Value) {
		count++
		if stays := slices.Contains(kept, name); stays != (v.String() == secret) {
			t.Errorf("%s is %q, and is to stay: %t", name, v, stays)
		}
	})
	if count < 60 {
		t.Errorf("only %d texts were found", count)
	}
	texts(reflect.ValueOf(&r).Elem(), "Result", func(name string, v reflect.Value) {
		if v.String() != secret {
			t.Errorf("%s of the result itself was changed", name)
		}
	})
}

// texts calls f with every plain text in a value and the name of its field.
func texts(v reflect.Value, name string, f func(name string, v reflect.Value)) {
	switch v.Kind() { //nolint:exhaustive // no other kind holds a text
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // any other is one of a fixed set
			f(name, v)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), name, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), name, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				texts(v.Field(i), v.Type().Name()+"."+field.Name, f)
			}
		}
	}
}
