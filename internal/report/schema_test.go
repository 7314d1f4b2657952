package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

const schemaFile = "../../docs/report.schema.json"

func TestJSONFitsItsSchema(t *testing.T) {
	schema := closedSchema(t)
	check := func(t *testing.T, r result.Result) {
		t.Helper()
		data, err := report.JSON(r)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
	}
	forEachResult(t, func(t *testing.T, _ string, r result.Result) { check(t, r) })
	t.Run("every field", func(t *testing.T) { check(t, everything()) })
}

// The schema lets readers meet fields that they do not know. Here every field
// has to be described, so objects are closed before the schema is used.
func closedSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(doc)
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

// everything is a Result with no field left empty.
func everything() result.Result {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	permission := problem.Permission{
		Verb: "get", Group: "apps", Resource: "deployments", Namespace: "n", Name: "x", Why: "w", Optional: true,
	}
	return result.Result{
		Subject: result.Subject{Verb: "deploy", App: "a", Branch: "b", Namespace: "n", Release: "r", URL: "https://x.example", User: "u", Chart: "c-1", Revision: 3, Status: facts.StatusFailed},
		Exit:    result.Exit{Reason: problem.Inconsistent, ExitCode: 24, Headline: "h", Cause: "c", Next: "n", Repair: "promote", RBAC: "kind: Role", Missing: []problem.MissingPermission{{Permission: permission, Reason: "r"}}},
		Proof: result.Proof{Attempts: 2, Checks: []result.Check{{Name: "n", Title: "t", OK: true, Detail: "d", Findings: []string{"f"}}}, Objects: []facts.Object{{
			Ref: facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"},
			UID: "u", Created: now, Exists: true, Owned: true, Owner: "n/r", Deleting: true, Ready: true,
			Failed: true, Complete: true, Reason: "r", Drift: "d", Error: "e",
		}}, Diagnostics: &result.Diagnostics{Reason: "r", Symptoms: []result.Symptom{{
			Ref:    facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p"},
			Reason: "r", Events: []string{"e"},
			Logs: []result.LogTail{{Container: "c", Previous: true, Lines: []string{"l"}, Error: "e"}},
		}}}, Kept: []string{"k"}, Evidence: []string{"e"}},
		Log: result.Log{ChartNote: "n", Timeline: []result.Event{{At: time.Second, Took: 1500 * time.Microsecond, What: "w", Parts: []result.Event{{At: time.Second, Took: time.Second, What: "p"}}}}, Notes: []result.Note{{Level: result.LevelNotice, Title: "t", Message: "m"}}, Audit: []result.Write{{
			At: time.Second, Verb: "update", Resource: "secrets", Key: "k", Revision: 3,
			Status: facts.StatusFailed, Tries: 2, Lost: true, Error: "e", Denied: true, Conflict: true, Unknown: true,
		}}, Traffic: []result.Requests{{Verb: "get", Resource: "pods", Count: 1, Sent: 2, Received: 3}}, Started: now, Took: time.Minute},
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
