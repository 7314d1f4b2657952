package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

// A command line that cannot be read is reported where it was asked for all the
// same, as far as that can be told.
func TestWrongCommandLineIsReportedWhereAsked(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  string
		verb string // in the JSON; "text": there is none
	}{
		"before the wrong flag":   {[]string{"deploy", "--output", "json", "--nope"}, "", "deploy"},
		"after the wrong flag":    {[]string{"check", "--nope", "--output=json"}, "", "check"},
		"after its value":         {[]string{"check", "--nope", "x", "-o", "json"}, "", "check"},
		"beside a secret":         {[]string{"deploy", "--github-token=hunter2-token", "-ojson"}, "", "deploy"},
		"another verb's flag":     {[]string{"teardown", "--chart", "--output=json", "-o=json"}, "", "teardown"},
		"a wrong shorthand":       {[]string{"deploy", "-z", "-o=json"}, "", "deploy"},
		"an argument too much":    {[]string{"deploy", "surplus", "--output=json"}, "", "deploy"},
		"no such verb":            {[]string{"deplyo", "--output=json"}, "", ""},
		"no verb":                 {[]string{"--output=json"}, "", ""},
		"by variable":             {[]string{"deploy", "--nope"}, "BERTH_OUTPUT=json", "deploy"},
		"a flag beats a variable": {[]string{"deploy", "--nope", "--output=text"}, "BERTH_OUTPUT=json", "text"},
		"a value is missing":      {[]string{"deploy", "--output=json", "--timeout"}, "", "deploy"},
		"it is the value":         {[]string{"deploy", "--nope", "--set", "--output=json"}, "", "text"},
		"behind the flags' end":   {[]string{"deploy", "--nope", "--", "--output=json"}, "", "text"},
		"not asked":               {[]string{"deploy", "--nope"}, "", "text"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			dir := filepath.Join(t.TempDir(), "reports")
			code := Main(t.Context(), Process{Args: c.args, Environ: []string{c.env, "BERTH_REPORT_DIR=" + dir}, Stdout: &stdout, Stderr: &stderr})
			if code != exitWrongInput {
				t.Errorf("exit code %d", code)
			}
			if strings.Contains(stdout.String()+stderr.String(), "hunter2") {
				t.Errorf("it tells the secret:\n%s%s", &stdout, &stderr)
			}
			report, err := os.ReadFile(filepath.Join(dir, "report.json"))
			if err != nil {
				t.Fatal(err)
			}
			if c.verb == "text" {
				if stdout.Len() > 0 || !strings.Contains(stderr.String(), "Wrong input") {
					t.Errorf("on standard output %q, on standard error %q", &stdout, &stderr)
				}
				return
			}
			var got struct {
				Verb, Verdict, Cause string
				ExitCode             int
			}
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatalf("%v:\n%s", err, &stdout)
			}
			if got.Verb != c.verb || got.Verdict != "wrong-input" || got.ExitCode != exitWrongInput || got.Cause == "" {
				t.Errorf("got %+v", got)
			}
			if strings.TrimSpace(string(report)) != strings.TrimSpace(stdout.String()) {
				t.Error("the report in the folder is another one")
			}
		})
	}
}

// A report folder that cannot be made is told before anything is touched, and not once
// everything is done.
func TestReportFolderIsMadeFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), Process{Args: []string{"check", "--repository=acme/shop", "--branch=b", "--report-dir", file + "/reports",
		"--kube-apiserver", server.URL}, Stdout: &stdout, Stderr: &stderr})
	if code != exitWrongInput || asked || !strings.Contains(stdout.String(), "report-dir") {
		t.Errorf("exit code %d, the server was asked: %v\n%s", code, asked, &stdout)
	}
}

// A page of HTML in place of the API server's answer is told as that.
func TestPageInPlaceOfTheAPIServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Server", "some-proxy")
		_, _ = w.Write([]byte("<html>log in</html>"))
	}))
	defer server.Close()
	for _, verb := range []string{"check", "teardown", "repair", "preflight"} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), Process{Args: []string{verb, "--repository=acme/shop", "--branch=b", "--kube-apiserver", server.URL},
			Stdout: &stdout, Stderr: &stderr})
		if out := stdout.String(); code != exitUnanswered || !strings.Contains(out, "HTML (200 OK, server \"some-proxy\")") {
			t.Errorf("%s: exit code %d\n%s", verb, code, out)
		}
	}
}

// What a run tells to paste names its release, and a branch's name runs nothing.
func TestIdentityFlags(t *testing.T) {
	o := &input.Options{}
	o.Host, o.Repository, o.HeadRepository, o.Branch, o.PullRequest = "git.example.com", "acme/shop", "mallory/shop", "$(rm -rf ~)'x", 7
	o.Namespace, o.Release, o.Kubeconfig.Path = "reviews-{{ .Slug }}", "web", "my config"
	o.Kubeconfig.Content, o.KubeToken = "hunter2", "hunter2"
	want := `--repository https://git.example.com/acme/shop --branch '$(rm -rf ~)'\''x' --head-repository mallory/shop --pull-request 7` +
		` --namespace 'reviews-{{ .Slug }}' --release web --kubeconfig 'my config'`
	if got := identityFlags(o); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	o = &input.Options{}
	o.Host, o.Repository, o.HeadRepository, o.Branch = "github.com", "acme/shop", "acme/shop", "feature/login"
	if got := identityFlags(o); got != "--repository acme/shop --branch feature/login" {
		t.Errorf("got %s", got)
	}
}

func TestLeaseMargin(t *testing.T) {
	for duration, want := range map[time.Duration]time.Duration{
		3 * time.Second: 500 * time.Millisecond, 30 * time.Second: 5 * time.Second, 10 * time.Minute: 5 * time.Second,
	} {
		if got := leaseMargin(duration); got != want {
			t.Errorf("a lock of %s leaves %s, want %s", duration, got, want)
		}
	}
}

// Pods may print a secret, and what they print is in the report.
func TestSecretsAreMaskedInTheReport(t *testing.T) {
	const token = "hunter2-token"
	for _, host := range []string{"GITHUB_ACTIONS", "GITLAB_CI", "NEITHER"} {
		var said bytes.Buffer
		p := Process{Environ: []string{host + "=true"}, Stdout: &said}
		platform := ci.Detect(p.getenv, io.Discard, secrets.New())
		platform.Mask(token)
		r := result.Result{
			Exit:  result.Exit{Reason: problem.DeployFailed},
			Proof: result.Proof{Diagnostics: &result.Diagnostics{Reason: "the token " + token + " was refused"}},
		}
		p.conclude(platform, &input.Options{Reporting: input.Reporting{Output: "json"}}, r)
		if !json.Valid(said.Bytes()) || !strings.Contains(said.String(), "the token *** was refused") {
			t.Errorf("%s: it says:\n%s", host, &said)
		}
	}
}

// Whatever input a secret came from, it is hidden before anything is said.
func TestSecretsAreMasked(t *testing.T) {
	const token = "hunter2-token"
	for name, c := range map[string]struct {
		environ []string
		masks   bool // GitHub's runner is told to mask
		code    int
	}{
		"GitHub":        {[]string{"GITHUB_ACTIONS=true", "INPUT_GITHUB-TOKEN=" + token}, true, exitWrongInput}, // there is no event
		"GitHub's JSON": {[]string{"GITHUB_ACTIONS=true", "INPUT_GITHUB-TOKEN=" + token, "BERTH_OUTPUT=json"}, true, exitWrongInput},
		"GitLab":        {[]string{"GITLAB_CI=true", "BERTH_GITLAB_TOKEN=" + token}, false, exitOK},
		"local":         {[]string{"BERTH_GITHUB_TOKEN=" + token}, false, exitOK},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			if code := Main(t.Context(), Process{Args: []string{"auto"}, Environ: c.environ, Stdout: &said, Stderr: &said}); code != c.code {
				t.Errorf("exit code %d", code)
			}
			const mask = "::add-mask::" + token + "\n"
			first, _, _ := strings.Cut(said.String(), "\n")
			if c.masks != (first+"\n" == mask) || strings.Contains(strings.Replace(said.String(), mask, "", 1), token) {
				t.Errorf("it says:\n%s", &said)
			}
		})
	}
}

// breaking panics as soon as something is printed to it, and quotes that.
type breaking struct{ before *bytes.Buffer }

func (b breaking) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("::add-mask::")) {
		return b.before.Write(p)
	}
	panic(errors.New("::error::hunter2-token\x1b[31m\n::set-env name=PATH::/evil\n" + string(p)))
}

// A panic says no secret and no command, whatever it quotes.
func TestPanicIsPrintedAsEverythingElse(t *testing.T) {
	const token = "hunter2-token"
	var masks, stderr bytes.Buffer
	code := Main(t.Context(), Process{Args: []string{"auto"}, Environ: []string{"GITHUB_ACTIONS=true", "BERTH_GITHUB_TOKEN=" + token},
		Stdout: breaking{&masks}, Stderr: &stderr})
	said := stderr.String()
	if code != exitInternal || !strings.Contains(said, "internal error") || !strings.Contains(said, "goroutine") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	if strings.Contains(said, token) || strings.Contains(said, "\x1b") || !strings.Contains(said, "***") {
		t.Errorf("it says:\n%s", said)
	}
	stop, _, _ := strings.Cut(said, "\n")
	if word, stops := strings.CutPrefix(stop, "::stop-commands::"); !stops || !strings.HasSuffix(said, "::"+word+"::\n") {
		t.Errorf("the runner would execute it:\n%s", said)
	}
}

// A secret that was put where another input belongs is hidden all the same.
func TestSecretsAreMaskedWhereInputsAreWrong(t *testing.T) {
	const token = "hunter2-token"
	var said bytes.Buffer
	code := Main(t.Context(), Process{Args: []string{"check", "--kube-apiserver=" + token, "--branch=b", "--repository=acme/shop"},
		Environ: []string{"BERTH_KUBE_TOKEN=" + token}, Stdout: &said, Stderr: &said})
	if code != exitWrongInput || !strings.Contains(said.String(), "kube-apiserver") || strings.Contains(said.String(), token) {
		t.Errorf("exit code %d:\n%s", code, &said)
	}
}
