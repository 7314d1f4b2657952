package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/progress"
)

func TestLogLevel(t *testing.T) {
	for level, want := range map[string]struct{ progress, debug bool }{
		"debug": {progress: true, debug: true}, "info": {progress: true}, "warn": {}, "error": {},
		"error RUNNER_DEBUG=1": {progress: true, debug: true}, "warn CI_DEBUG_TRACE=true": {progress: true, debug: true},
	} {
		var printed bytes.Buffer
		level, variable, _ := strings.Cut(level, " ")
		p := Process{Stdout: &printed, Environ: []string{variable}}
		out := p.console(&input.Options{Reporting: input.Reporting{Output: "text", LogLevel: level}})
		display := out.display("review")
		display.Phase("phase")
		display.Say("say")
		wait := display.Wait(progress.Ready)
		wait.Begin([]facts.Awaited{{Ref: facts.Ref{Kind: "Deployment", Name: "awaited", Namespace: "review"}}})
		wait.End()
		display.Close()
		out.progress("auto")
		_, _ = fmt.Fprint(out.hookLog("pod", "container"), "hook")
		out.debug("%s", "detail")
		out.Line("the result")
		for text, wanted := range map[string]bool{
			"phase": want.progress, "say": want.progress, "awaited": want.progress, "auto": want.progress, "pod/container: hook": want.progress,
			"debug: detail": want.debug, "the result": true,
		} {
			if got := strings.Contains(printed.String(), text); got != wanted {
				t.Errorf("%s: %q is printed: %t, want %t:\n%s", level, text, got, wanted, &printed)
			}
		}
	}
}

// A long list comes out as it is, empty lines and all, wherever it is cut.
func TestLinesPrintAll(t *testing.T) {
	var long strings.Builder
	for i := range 9000 {
		long.WriteString(strings.Repeat("x", i%120) + strings.Repeat("\n", 1+i%3))
	}
	for _, text := range []string{"", "one", "one\n\ntwo\n", long.String() + "end\n", strings.Repeat("y", 3*linesAtOnce) + "\nz\n"} {
		var printed bytes.Buffer
		p := Process{Stdout: &printed}
		p.console(&input.Options{}).lines(text)
		if want := strings.TrimRight(text, "\n"); strings.TrimRight(printed.String(), "\n") != want {
			t.Errorf("of %d bytes %d were printed", len(text), printed.Len())
		}
	}
}

// Whatever is left out while a run goes on, how it ended is said everywhere.
func TestLogLevelSparesTheResult(t *testing.T) {
	for _, level := range []string{"debug", "info", "warn", "error"} {
		dir := t.TempDir()
		event, outputs, summary := filepath.Join(dir, "event.json"), filepath.Join(dir, "outputs"), filepath.Join(dir, "summary")
		payload := `{"ref": "refs/heads/feature", "repository": {"full_name": "acme/shop", "default_branch": "main"}}`
		if err := os.WriteFile(event, []byte(payload), 0o600); err != nil {
			t.Fatal(err)
		}
		var printed bytes.Buffer
		code := Main(t.Context(), Process{Args: []string{"auto"}, Stdout: &printed, Stderr: &printed, Environ: []string{
			"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "GITHUB_EVENT_PATH=" + event, "GITHUB_REPOSITORY=acme/shop",
			"GITHUB_OUTPUT=" + outputs, "GITHUB_STEP_SUMMARY=" + summary,
			"BERTH_CHART=chart", "BERTH_KUBECONFIG=" + filepath.Join(dir, "none"), "BERTH_LOG_LEVEL=" + level,
			"BERTH_GITHUB_TOKEN=hunter2",
		}})
		if code == exitOK {
			t.Errorf("%s: exit code %d", level, code)
		}
		for text, want := range map[string]bool{
			"auto: deploy, since": level == "debug" || level == "info",
			"::error title=":      true,
			"::add-mask::hunter2": true,
			"kubeconfig":          true,
		} {
			if got := strings.Contains(printed.String(), text); got != want {
				t.Errorf("%s: %q is printed: %t, want %t:\n%s", level, text, got, want, &printed)
			}
		}
		for _, path := range []string{outputs, summary} {
			if data, err := os.ReadFile(path); err != nil || len(data) == 0 {
				t.Errorf("%s: %s is empty, %v", level, filepath.Base(path), err)
			}
		}
	}
}

// No line of one app's, such as of a hook's log, is taken for one of another's.
func TestConsoleOfAnApp(t *testing.T) {
	var printed bytes.Buffer
	p := Process{Stdout: &printed}
	p.console(&input.Options{}).of("review-a/shop").Line("one\rreview-b/shop: went\r\nthree\u2028four\u2029five\n\n")
	if n := strings.Count(printed.String(), "\n"); n != 5 || strings.Count("\n"+printed.String(), "\nreview-a/shop: ") != n {
		t.Errorf("%q", &printed)
	}
}
