package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// A folder in testdata with a result.json is a test: what is made of it is
// compared with the files beside it.
func TestGolden(t *testing.T) {
	forEachResult(t, func(t *testing.T, dir string, r result.Result) {
		asJSON, err := report.JSON(r)
		if err != nil {
			t.Fatal(err)
		}
		junit, err := report.JUnit(r)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, dir, "report.md", []byte(report.Markdown(r)))
		golden(t, dir, "report.html", page(t, r))
		golden(t, dir, "report.txt", []byte(report.Text(r)))
		golden(t, dir, "report.json", asJSON)
		golden(t, dir, "junit.xml", junit)
	})
}

func golden(t *testing.T, dir, name string, got []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the tests with -update to make it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; run the tests with -update if it should (-want +got):\n%s", path, diff)
	}
}

func forEachResult(t *testing.T, check func(t *testing.T, dir string, r result.Result)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*/result.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) { check(t, dir, load(t, dir)) })
	}
}

func load(t *testing.T, dir string) result.Result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r result.Result
	decoder := json.NewDecoder(bytes.NewReader(data)) // by the names of the fields
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return r
}
