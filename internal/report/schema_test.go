package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

const (
	schemaFile      = "../../docs/report.schema.json"
	sweepSchemaFile = "../../docs/sweep.schema.json"
)

func TestJSONFitsItsSchema(t *testing.T) {
	schema, ofSweep := compile(t, closeObjects), compileFile(t, sweepSchemaFile, closeObjects)
	check := func(t *testing.T, r result.Result) {
		t.Helper()
		schema := schema
		if r.Verb == verb.Sweep {
			schema = ofSweep
		}
		data, err := report.JSON(r)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, schema, data)
	}
	forEachResult(t, func(t *testing.T, _ string, r result.Result) { check(t, r) })
	t.Run("every field", func(t *testing.T) { check(t, everything()) })
	t.Run("no field", func(t *testing.T) {
		check(t, result.Result{Exit: result.Exit{Reason: problem.Internal}})
		check(t, result.Result{Subject: result.Subject{Verb: verb.Sweep}, Exit: result.Exit{Reason: problem.Internal}})
	})
}

// testdata/published holds reports as they were when the schema was still written
// by hand. None of its files may ever change: a reader of v1 relies on them.
func TestPublishedReportsFitTheSchema(t *testing.T) {
	files, err := filepath.Glob("testdata/published/*.json")
	if err != nil || len(files) < 11 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, compile(t, func(any) {}), data)
			validate(t, compile(t, closeObjects), data)
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compile(t, func(any) {})
	for name, change := range map[string]func(map[string]any){
		"another version":     func(d map[string]any) { d["schema"] = "berth.dev/report/v2" },
		"no verdict":          func(d map[string]any) { delete(d, "verdict") },
		"an unknown verdict":  func(d map[string]any) { d["verdict"] = "fine" },
		"an unknown status":   func(d map[string]any) { d["status"] = "fine" },
		"no time":             func(d map[string]any) { d["started"] = "yesterday" },
		"an impossible code":  func(d map[string]any) { d["exitCode"] = 256 },
		"null for a list":     func(d map[string]any) { d["checks"] = nil },
		"a check without one": func(d map[string]any) { d["checks"] = []any{map[string]any{"name": "n", "title": "t"}} },
	} {
		data, err := report.JSON(everything())
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		change(doc.(map[string]any))
		if schema.Validate(doc) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, data []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
}

// compile reads the schema as it is checked in and lets change work on it first.
func compile(t *testing.T, change func(node any)) *jsonschema.Schema {
	t.Helper()
	return compileFile(t, schemaFile, change)
}

func compileFile(t *testing.T, file string, change func(node any)) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	change(doc)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// closeObjects changes a schema so that it refuses fields that it does not
// describe. The schema itself lets readers meet fields that they do not know.
func closeObjects(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, ok := n["properties"].(map[string]any); ok {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			closeObjects(child)
		}
	case []any:
		for _, child := range n {
			closeObjects(child)
		}
	}
}

// A field of the Result that has no place in the Document, or the other way
// round, was forgotten in the mapping.
func TestEveryFieldIsReported(t *testing.T) {
	r := everything()
	// Parts of parts are not needed, and Objects only serve to word the others.
	want := []string{"Result.Proof.Diagnostics.Objects", "Result.Log.Timeline.Parts.Parts", "Result.Sweep", "Result.Round"}
	if empty := emptyFields(reflect.ValueOf(r), "Result"); !slices.Equal(empty, want) {
		t.Errorf("everything() leaves empty %q, want %q", empty, want)
	}
	want = []string{"Document.Log.Timeline.Parts.Parts"}
	if empty := emptyFields(reflect.ValueOf(report.NewDocument(r)), "Document"); !slices.Equal(empty, want) {
		t.Errorf("the document leaves empty %q, want %q", empty, want)
	}
	data, err := report.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata", "every-field.json", data)
}

// emptyFields returns the paths of the fields below v that have their zero value.
// It looks at the first item of a list.
func emptyFields(v reflect.Value, path string) (empty []string) {
	_, isTime := v.Interface().(time.Time)
	switch kind := v.Kind(); {
	case kind == reflect.Pointer && !v.IsNil():
		return emptyFields(v.Elem(), path)
	case kind == reflect.Slice && v.Len() > 0:
		return emptyFields(v.Index(0), path)
	case kind == reflect.Struct && !isTime:
		for i := range v.NumField() {
			empty = append(empty, emptyFields(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case v.IsZero(), kind == reflect.Slice:
		return []string{path}
	}
	return empty
}

// everything is a Result with no field left empty.
func everything() result.Result {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	permission := problem.Permission{
		Verb: "get", Group: "apps", Resource: "deployments", Namespace: "n", Name: "x", Why: "w", Optional: true,
	}
	return result.Result{
		Subject: result.Subject{Verb: "deploy", App: "a", Branch: "b", Namespace: "n", Release: "r", URL: "https://x.example", User: "u",
			Chart: "c-1", Revision: 3, Status: facts.StatusFailed, Commit: "0123456789", PullRequest: 7, Actor: "a",
			Pages: result.Pages{Commit: "https://x.example/c", PullRequest: "https://x.example/p", Run: "https://x.example/r"}},
		Exit: result.Exit{Reason: problem.Inconsistent, ExitCode: 24, Softened: true, Headline: "h", Cause: "c", Next: "n", Repair: "promote",
			RBAC: "kind: Role", Missing: []problem.MissingPermission{{Permission: permission, Reason: "r", HandedOn: true, Guessed: true}}},
		Proof: result.Proof{Looks: 2, Checks: []result.Check{{Name: "n", Title: "t", OK: true, Detail: "d", Findings: []string{"f"}}},
			Objects: []facts.Object{{
				Ref: facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"},
				UID: "u", Created: now, Touched: now, Exists: true, Owned: true, Owner: "n/r", Deleting: true, Kept: true, Ready: true,
				IsHook: true, HookOf: "n/r", KeepWhy: "k", Defines: "Boat", Maker: "m", Volume: "v", TakesClaims: true,
				Cause:  facts.Cause{Kind: facts.CauseCrash, Container: "c", About: "a", Said: "s", ExitCode: 2},
				Failed: true, Complete: true, Reason: "r", Error: "e", Contents: facts.Contents{Notes: []string{"n"},
					Differences: []facts.Difference{{Path: "d", Recorded: "r", Live: "l", Author: "a", Written: now,
						Digest: "d", Own: true, ByHand: true, Injected: true}}},
				Leniency: facts.Leniency{Remark: facts.Remark{Text: "r", Warning: true}, Custom: true, Ignored: true, TTL: new(time.Second),
					Expired: true},
			}}, Diagnostics: &result.Diagnostics{Reason: "r", Faults: []result.Fault{{
				Ref: facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"}, Hook: true, Late: true,
				Cause: facts.Cause{Kind: facts.CauseCrash, Container: "c", About: "a", Said: "s", ExitCode: 2},
			}}, Symptoms: []result.Symptom{{
				Ref:    facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"},
				Reason: "r", Cause: facts.Cause{Kind: facts.CauseCrash, Container: "c", About: "a", Said: "s", ExitCode: 2},
				Events: []string{"e"},
				Logs:   []result.LogTail{{Container: "c", Previous: true, Lines: []string{"l"}, Telling: "l", Error: "e"}},
			}}}, Kept: []string{"k"}, Remains: []string{"r"}, Evidence: []string{"e"}},
		Log: result.Log{ChartNote: "n",
			Timeline: []result.Event{{At: time.Second, Took: 1500 * time.Microsecond, What: "w",
				Parts: []result.Event{{At: time.Second, Took: time.Second, What: "p"}}}}, Notes: []result.Note{{Level: result.LevelNotice, Title: "t",
				Message: "m", File: "f", Line: 3}}, Audit: []result.Write{{
				At: time.Second, Verb: "update", Resource: "secrets", Key: "k", Revision: 3,
				Status: facts.StatusFailed, Tries: 2, Lost: true, Error: "e", Denied: true, Conflict: true, Unknown: true,
			}}, Traffic: []result.Requests{{Verb: "get", Resource: "pods", Count: 1, Sent: 2, Received: 3}}, Started: now, Took: time.Minute},
		Changes: &result.Changes{Planned: true, Unchanged: 1, All: []facts.Change{{
			Ref: facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"}, Action: facts.ActionChange, Restarts: true, Foreign: true,
			Why: "w", Fields: []facts.FieldChange{{Path: "p", Before: "b", After: "a"}},
		}}},
	}
}

func TestJSONDurationsAreMilliseconds(t *testing.T) {
	data, err := report.JSON(everything())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema   string
		TookMs   int64
		Timeline []struct{ AtMs, TookMs int64 }
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != report.Schema || got.TookMs != 60000 || got.Timeline[0].AtMs != 1000 || got.Timeline[0].TookMs != 1 {
		t.Errorf("got %+v", got)
	}
}
