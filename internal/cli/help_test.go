package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// help returns the help of a verb.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out strings.Builder
	code := Main(t.Context(), Process{Args: append(args, "--help"), Stdout: &out, Stderr: &out, Version: "v1.2.3"})
	if code != 0 {
		t.Errorf("%v --help ended with %d", args, code)
	}
	return out.String()
}

func TestHelp(t *testing.T) {
	docs, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exitCodes {
		if !strings.Contains(string(docs), fmt.Sprint(e.code)) {
			t.Errorf("docs/exit-codes.md does not know %d", e.code)
		}
	}
	for _, p := range verb.Table {
		if !p.OnRelease && !p.OnFleet {
			continue
		}
		said := strings.Join(strings.Fields(help(t, string(p.Verb))), " ")
		for i := range input.Table {
			if in := &input.Table[i]; in.Serves(p.Verb) && !in.Secret && !strings.Contains(said, "--"+in.Name) {
				t.Errorf("the help of %s leaves out %s", p.Verb, in.Name)
			}
		}
		for _, part := range []string{"Usage:", "Examples:", "Identity:", "Cluster:", "Exit codes:", "One of text, json, markdown, html."} {
			if !strings.Contains(said, part) {
				t.Errorf("the help of %s has no %q", p.Verb, part)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"--version", "version"} {
		var out strings.Builder
		code := Main(t.Context(), Process{Args: []string{arg}, Stdout: &out, Stderr: &out, Version: "v1.2.3"})
		if code != 0 || out.String() != "v1.2.3\n" {
			t.Errorf("%s: %d, %q", arg, code, out.String())
		}
	}
}

func TestMistypedVerb(t *testing.T) {
	var out strings.Builder
	code := Main(t.Context(), Process{Args: []string{"deplyo"}, Stdout: &out, Stderr: &out})
	if code != exitWrongInput || !strings.Contains(out.String(), `verb "deplyo": there is no such verb; did you mean deploy?`) {
		t.Errorf("%d: %s", code, out.String())
	}
}
