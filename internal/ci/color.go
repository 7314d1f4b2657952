package ci

import (
	"io"
	"regexp"
)

// colored returns whether what is printed to w may have colours: on GitHub and GitLab,
// whose logs show them, on a terminal that a person looks at, and where FORCE_COLOR asks
// for it. NO_COLOR forbids it anywhere.
func colored(getenv func(string) string, w io.Writer) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	switch getenv("FORCE_COLOR") {
	case "":
	case "0", "false":
		return false
	default:
		return true
	}
	if screen, ok := w.(interface{ Colored() bool }); ok && screen.Colored() {
		return true
	}
	return getenv("GITHUB_ACTIONS") == "true" || getenv("GITLAB_CI") == "true"
}

// marks matches the mark at the beginning of a line: how a run, or a check, ended.
var marks = regexp.MustCompile(`(?m)^( *)(✓|✗|!)( )`)

var colors = map[string]string{"✓": "\x1b[32m", "✗": "\x1b[31m", "!": "\x1b[33m"}

// paint gives the marks of a text that is safe to print their colours.
func (p *printer) paint(text string) string {
	if !p.colored {
		return text
	}
	return marks.ReplaceAllStringFunc(text, func(s string) string {
		at := marks.FindStringSubmatch(s)
		return at[1] + colors[at[2]] + at[2] + "\x1b[0m" + at[3]
	})
}

// Debugging returns whether the platform was asked to tell everything: by "Enable debug
// logging" when a run of GitHub's is run again, or by GitLab's CI_DEBUG_TRACE.
func Debugging(getenv func(string) string) bool {
	return getenv("RUNNER_DEBUG") == "1" || getenv("CI_DEBUG_TRACE") == "true"
}
