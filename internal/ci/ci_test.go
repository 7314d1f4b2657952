package ci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

// env is an environment for a test.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// withPayload stores a GitHub event payload and points the environment to it.
func (e env) withPayload(t *testing.T, payload string) env {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(path, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	e["GITHUB_EVENT_PATH"] = path
	return e
}

func TestDetect(t *testing.T) {
	for want, e := range map[string]env{
		"*ci.gitHub": {"GITHUB_ACTIONS": "true", "CI": "true"},
		"*ci.gitLab": {"GITLAB_CI": "true", "CI": "true"},
		"ci.local":   {"CI": "true"},
	} {
		if got := fmt.Sprintf("%T", Detect(e.get, &bytes.Buffer{}, nil)); got != want {
			t.Errorf("%v: got %s, want %s", e, got, want)
		}
	}
}

func TestPlainPlatformsPrintNoControlSequences(t *testing.T) {
	const hostile = "a\x1b[31mb\r\x1b[0Ksection_start:1:x\r\x1b[0Kc\x07"
	for _, e := range []env{{}, {"GITLAB_CI": "true"}} {
		var out bytes.Buffer
		Detect(e.get, &out, nil).Line(hostile)
		if got, want := out.String(), "ab\nsection_start:1:x\nc\n"; got != want {
			t.Errorf("%v: got %q, want %q", e, got, want)
		}
	}
}

func TestMaskedSecretsAreNotPrinted(t *testing.T) {
	for _, e := range []env{{}, {"GITLAB_CI": "true"}, {"GITHUB_ACTIONS": "true"}} {
		var out bytes.Buffer
		p := Detect(e.get, &out, secrets.New())
		p.Mask("hunter2hunter2\n\n}\nsecond-line\r\n")
		p.Mask("")
		out.Reset()
		p.Line("the token is hunter2hunter2, then second-line }")
		if got, want := out.String(), "the token is ***, then *** }\n"; got != want {
			t.Errorf("%T: got %q, want %q", p, got, want)
		}
	}
}

func TestMaskedSecretWithinAnother(t *testing.T) {
	var out bytes.Buffer
	p := Detect(env{}.get, &out, secrets.New())
	p.Mask("hunter2")
	p.Mask("hunter2-of-old")
	p.Line("hunter2-of-old, hunter2")
	if got, want := out.String(), "***, ***\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Reports escape what they show, each in its way.
func TestMaskedSecretsAreNotReported(t *testing.T) {
	for _, secret := range []string{
		"glpat-hunter2_cd_ef", `hunter2"word<&>'\`, "-hunter2|*[x]", "hunter2@web#1  with\ttabs", "hunter2`x_y`z", "hun\u200bter2_x",
		"_ünï_hunter2",
	} {
		p := newPrinter(io.Discard, secrets.New())
		p.give(secret)
		for _, text := range []string{secret, "token " + secret + " refused", strings.Repeat("x", 490) + " " + secret} {
			files, err := reportFiles(p.masked(result.Result{
				Subject: result.Subject{Verb: "deploy", URL: text},
				Exit:    result.Exit{Reason: problem.DeployFailed, Headline: text, Cause: text, Next: text},
				Proof: result.Proof{Checks: []result.Check{{Title: text, Detail: text, Findings: []string{text}}}, Evidence: []string{text},
					Diagnostics: &result.Diagnostics{Reason: text, Symptoms: []result.Symptom{{Reason: text, Events: []string{text}}}}},
				Log: result.Log{Notes: []result.Note{{Level: result.LevelError, Title: text, Message: text}}},
			}))
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range files {
				got := string(data)
				if i := strings.Index(got, "hunter2"); i >= 0 {
					t.Errorf("%q: %s has it: %q", secret, name, got[max(0, i-50):min(len(got), i+50)])
				}
			}
			if !json.Valid(files[fileJSON]) {
				t.Errorf("%q: the JSON is broken", secret)
			}
		}
	}
}

// What was cut before it came here may hold the beginning of a secret.
func TestMaskedSecretsAreNotPrintedInPart(t *testing.T) {
	var out bytes.Buffer
	p := Detect(env{}.get, &out, secrets.New())
	p.Mask("hunter2-token")
	p.Line("hunter2-to…, xhunt…, hun…, …, hunter2-token…, hunter2")
	if got, want := out.String(), "***…, x***…, hun…, …, ***…, hunter2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestABrokenLogIsNoReasonToStop(t *testing.T) {
	for _, e := range []env{{}, {"GITLAB_CI": "true"}, {"GITHUB_ACTIONS": "true"}} {
		p := Detect(e.get, brokenWriter{}, secrets.New())
		p.Line("::error::x")
		p.Mask("hunter2hunter2")
		if err := p.Publish(failedResult(), ""); err != nil {
			t.Errorf("%T: %v", p, err)
		}
	}
}

func TestWriteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := writeFiles(dir, map[string][]byte{"report.json": []byte("one")}); err != nil {
		t.Fatal(err)
	}
	if err := writeFiles(dir, map[string][]byte{"report.json": []byte("two"), "junit.xml": nil}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"junit.xml", "report.json"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "report.json")); err != nil || string(got) != "two" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWriteFilesSaysWhatAndWhy(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "report.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := writeFiles(dir, map[string][]byte{"../escape": nil, "report.md": []byte("x"), "report.json": []byte("y")})
	if err == nil || !strings.Contains(err.Error(), "../escape") || !strings.Contains(err.Error(), "report.md") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"report.json", "report.md"}, names(t, dir)); diff != "" {
		t.Error("the other file has to be there and no leftover: ", diff)
	}
	file := filepath.Join(dir, "report.json")
	if err := writeFiles(file, nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
