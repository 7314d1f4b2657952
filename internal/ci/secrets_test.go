package ci

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

// saying is a result in which every text that others may have written is this one.
func saying(text string) result.Result {
	object := facts.Object{Ref: facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "x"}, Reason: text, Error: text,
		Leniency: facts.Leniency{Remark: facts.Remark{Text: text}},
		Contents: facts.Contents{Notes: []string{text}, Differences: []facts.Difference{{Path: text, Recorded: text, Live: text}}}}
	return result.Result{
		Subject: result.Subject{Verb: "deploy", App: "shop", Branch: text, Namespace: "n", Release: "web", URL: text, User: text, Chart: text,
			Commit: text, PullRequest: 7, Pages: result.Pages{Commit: text, PullRequest: text, Run: text}},
		Exit: result.Exit{Reason: problem.DeployFailed, ExitCode: 23, Headline: text, Cause: text, Next: text,
			Missing: []problem.MissingPermission{{Permission: problem.Permission{Verb: "get", Resource: "pods", Why: text}, Reason: text}}},
		Proof: result.Proof{
			Checks: []result.Check{{Name: "ready", Title: text, Detail: text, Findings: []string{text}}}, Objects: []facts.Object{object},
			Kept: []string{text}, Evidence: []string{text},
			Diagnostics: &result.Diagnostics{
				Reason:  text,
				Objects: []facts.Object{object},
				Symptoms: []result.Symptom{{Ref: object.Ref, Reason: text,
					Events: []string{text}, Logs: []result.LogTail{{Container: "c", Lines: []string{text}, Error: text}}}},
			},
		},
		Log: result.Log{
			Timeline: []result.Event{{What: text, Parts: []result.Event{{What: text}}}}, ChartNote: text,
			Notes: []result.Note{{Level: result.LevelError, Title: text, Message: text}, {Level: result.LevelWarning, Title: text, Message: text}},
			Audit: []result.Write{{Verb: "update", Resource: "secrets", Key: "k", Error: text}},
		},
	}
}

// published is everything that a platform shows of a result, by where it does.
func published(t *testing.T, host string, mask *secrets.Mask, r result.Result) map[string]string {
	t.Helper()
	dir := t.TempDir()
	e := env{host: "true", "GITHUB_OUTPUT": filepath.Join(dir, "outputs"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary")}
	var log bytes.Buffer
	p := Detect(e.get, &log, mask)
	r = p.Masked(r)
	if err := p.Publish(r, filepath.Join(dir, "reports")); err != nil {
		t.Fatal(err)
	}
	p.Line(r.Cause)
	fmt.Fprintln(&log, p.OneLine(r.Cause))
	shown := map[string]string{"log": log.String()}
	for _, pattern := range []string{"outputs", "summary", "reports/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			shown[filepath.Base(file)] = string(data)
		}
	}
	return shown
}

// readable returns what is shown as a reader sees it, who decodes JSON and XML, and
// takes the escaping out of Markdown. It fails where that is broken.
func readable(t *testing.T, where, shown string) string {
	t.Helper()
	switch filepath.Ext(where) {
	case ".json":
		var document any
		if err := json.Unmarshal([]byte(shown), &document); err != nil {
			t.Errorf("%s is broken: %v", where, err)
		}
		return strings.Join(textsIn(document), "\n")
	case ".xml":
		var all []string
		for tokens := xml.NewDecoder(strings.NewReader(shown)); ; {
			token, err := tokens.Token()
			if errors.Is(err, io.EOF) {
				return strings.Join(all, "\n")
			}
			if err != nil {
				t.Errorf("%s is broken: %v", where, err)
				return shown
			}
			switch x := token.(type) {
			case xml.CharData:
				all = append(all, string(x))
			case xml.StartElement:
				for _, a := range x.Attr {
					all = append(all, a.Value)
				}
			}
		}
	case ".md", "":
		unescaped := strings.NewReplacer("\\", "", "\u2060", "").Replace(html.UnescapeString(shown))
		return shown + "\n" + unescaped
	}
	return shown
}

// textsIn returns every text in a JSON document.
func textsIn(document any) (all []string) {
	switch v := document.(type) {
	case string:
		return []string{v}
	case []any:
		for _, inner := range v {
			all = append(all, textsIn(inner)...)
		}
	case map[string]any:
		for _, inner := range v {
			all = append(all, textsIn(inner)...)
		}
	}
	return all
}

var hosts = []string{"GITHUB_ACTIONS", "GITLAB_CI", "NEITHER"}

// For random secrets and errors that quote them, no output holds one, and none is broken
// by what it has.
func TestNoSecretIsPublished(t *testing.T) {
	const letters = "abcXYZ0189-_.:/+=&%$#@!~^*()[]{}<>|\\\"'`, äß€\t\n"
	r := rand.New(rand.NewPCG(14, 5))
	for range 15 {
		text := make([]rune, 8+r.IntN(30))
		for i := range text {
			text[i] = []rune(letters)[r.IntN(len([]rune(letters)))]
		}
		secret := "zQ7" + string(text) + "Qz7"
		mask := secrets.New()
		mask.Find(secret)
		forms := map[string]string{
			"plain": secret, "quoted": strconv.Quote(secret), "base64": encoded(secret), "Basic": encoded("robot:" + secret),
			"URL": url.QueryEscape(secret), "hex": hex.EncodeToString([]byte(secret)),
			"base64 twice": encoded(encoded(secret)), "base64 behind one byte": encoded("a" + secret),
			"base64 behind two bytes": encoded("ab" + secret),
		}
		for how, form := range forms {
			for _, host := range hosts {
				for where, shown := range published(t, host, mask, saying("it failed: "+form+" so it is")) {
					seen := readable(t, where, shown)
					if strings.Contains(seen, secret) || strings.Contains(seen, form) || strings.Contains(shown, form) {
						t.Fatalf("%s, %s: %s holds %q", host, how, where, secret)
					}
				}
			}
		}
	}
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// Whatever others say, each output can be read, and nothing in it is a command.
func FuzzPublish(f *testing.F) {
	f.Add("hunter2-hunter2", "the password ")
	f.Add("\"]]></testsuite>&lt;\\u0000", "::error::x\r\n::set-output name=url::evil\n")
	f.Add("message=\"x\"", "##[add-path]/evil \x1b[0m \u2028 \u200b")
	f.Add("a: b\n---\nc", "`code` | cell <!-- x --> @acme/team #1 </details>")
	f.Add("berth.env\nBERTH_URL=evil", "x\nghadelimiter\nurl<<y\n")
	f.Add("\xff\xfe\x00", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, core, around string) {
		secret := "zQ7" + core + "Qz7x9"
		mask := secrets.New()
		mask.Find(secret)
		for _, host := range hosts {
			for where, shown := range published(t, host, mask, saying(around+secret+around)) {
				if seen := readable(t, where, shown); strings.Contains(seen, secret) && !strings.Contains(around, "*") {
					t.Errorf("%s: %s holds %q", host, where, secret)
				}
				if where == "outputs" {
					if outputs := parseOutputs(t, shown); outputs["exit-code"] != "23" || len(outputs) < 9 {
						t.Errorf("%s: the outputs are %q", host, outputs)
					}
				}
				if where == "berth.env" {
					for line := range strings.Lines(shown) {
						if !strings.HasPrefix(line, "BERTH_") {
							t.Errorf("%s has the line %q", where, line)
						}
					}
				}
			}
		}
	})
}
