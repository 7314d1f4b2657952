package report

import (
	"slices"
	"strings"
	"unicode"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxSaid is how many bytes of one text are shown in a comment, which is far below what
// GitHub (65,536 characters) and GitLab (a million) take. Who wants more has the run's page.
const maxSaid = 2 << 10

// Comment returns what a comment on the pull request says of a result, or of a run that
// goes on where that has no exit reason.
//
// What others wrote stands in code, or in an address that was looked at, and not in running
// text: there is more that a platform finds in running text than anybody can escape, such
// as references, which it notes down where they lead to.
func Comment(r result.Result) string {
	parts := []string{"### " + commentTitle(r)}
	if u := text.OneLine(r.URL); u != "" && r.Stage() == result.StageReady {
		parts = append(parts, "**"+quoted(u)+"**")
	}
	parts = append(parts, said(r), commentChanges(r), origin(r))
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return withoutCommands(strings.Join(parts, "\n\n") + "\n")
}

// commentTitle says where the app stands.
func commentTitle(r result.Result) string {
	app := quoted(r.App)
	switch r.Stage() {
	case result.StageDeploying:
		return "⏳ " + app + " is being deployed"
	case result.StageReady:
		return "✅ " + app + " is ready"
	case result.StageLeaving:
		return "⏳ " + app + " is being taken down"
	case result.StageGone:
		return "⚪ " + app + " is gone"
	case result.StageCancelled:
		return "⚠️ The " + string(r.Verb) + " of " + app + " was cancelled"
	case result.StageFailed, result.StageNone:
	}
	return "❌ The " + string(r.Verb) + " of " + app + " failed"
}

// quoted returns text of others as inline code, or as a link where it is a plain web
// address.
func quoted(s string) string {
	if u, ok := webAddress(s); ok {
		return "[" + escape(u) + "](<" + u + ">)"
	}
	if s = bounded(s); s == "" {
		return ""
	}
	return codeSpan(s)
}

// Address returns a plain web address as it is, and "" for anything else.
func Address(s string) string {
	u, _ := webAddress(s)
	return u
}

// said returns why a run did not go well, and what to do.
func said(r result.Result) string {
	if stage := r.Stage(); stage != result.StageFailed && stage != result.StageCancelled {
		return ""
	}
	cause, _, _ := strings.Cut(strings.TrimSpace(text.Clean(r.Cause)), "\n")
	if causeTold(r) || strings.Contains(headline(r), cause) {
		cause = ""
	}
	var parts []string
	for _, part := range []string{headline(r), cause, strings.Join(text.Lines(r.Next), "\n")} {
		// Without backticks, so that no parser takes a line of it for the end of the block.
		if part = strings.ReplaceAll(text.Cut(part, maxSaid), "`", ""); strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return strings.TrimSpace(codeBlock("text", strings.Join(parts, "\n\n"), 4*maxSaid))
}

// origin returns what the comment is about, and where to read on.
func origin(r result.Result) string {
	var items []string
	if branch := bounded(r.Branch); branch != "" { // nothing is left of one that nobody sees
		items = append(items, "- Branch: "+codeSpan(branch))
	}
	if commit := bounded(shortCommit(r.Commit)); commit != "" {
		items = append(items, "- Commit: "+linked(codeSpan(commit), r.Pages.Commit))
	}
	if _, ok := webAddress(r.Pages.Run); ok {
		items = append(items, "- "+linked("Log and summary of the run", r.Pages.Run))
	}
	return strings.Join(items, "\n")
}

// withoutCommands keeps lines from being taken for a command, as GitLab and many bots do
// with one that begins with a slash, wherever it stands.
func withoutCommands(markdown string) string {
	lines := strings.Split(markdown, "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "/") {
			lines[i] = string(wordJoiner) + line
		}
	}
	return strings.Join(lines, "\n")
}
