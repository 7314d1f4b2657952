package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// The bounds of what is shown of one thing, in Markdown and in text.
const (
	maxRows   = 100      // rows of a table, items of a list
	maxLines  = 20       // findings of a check, lines of a next step
	maxPhrase = 512      // bytes of one reason, finding or cell
	maxBlock  = 64 << 10 // bytes of a code block
)

// bounded returns untrusted text as one line of at most maxPhrase bytes.
func bounded(s string) string { return text.Cut(text.OneLine(s), maxPhrase) }

// withReason returns "state: reason", or the state alone if there is no reason.
func withReason(state, reason string) string { return state + text.After(": ", reason) }

// phrase is bounded for Markdown, for a sentence of Berth's own: what it has in
// backticks becomes code.
func phrase(s string) string { return prose(bounded(s)) }

// quote is bounded for Markdown, for text that others wrote.
func quote(s string) string { return escapeText(bounded(s)) }

// details returns a Markdown section that is folded, or "" if its body is empty.
// The blank lines make GitHub read the body as Markdown.
func details(summary, body string) string {
	if body == "" {
		return ""
	}
	return "<details><summary>" + summary + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n"
}

// opened is details that nobody has to unfold first.
func opened(summary, body string) string {
	return strings.Replace(details(summary, body), "<details>", "<details open>", 1)
}

// evidenceBlock returns pieces of untrusted text as one code block, or "" if they
// are empty.
func evidenceBlock(pieces []string) string {
	all := strings.TrimSpace(strings.Join(capped(pieces), "\n"))
	if all == "" {
		return ""
	}
	return codeBlock("text", all, maxBlock)
}

// tick marks what is well and what is not, in a table.
func tick(ok bool) string {
	if ok {
		return "✅"
	}
	return "❌"
}

// capped returns the part of a list that is shown: at most maxRows items.
func capped[T any](all []T) []T { return all[:min(len(all), maxRows)] }

// more says how many of n items capped left out, or returns "" if it left out none.
func more(n int) string {
	if n <= maxRows {
		return ""
	}
	return fmt.Sprintf("\nand %d more\n", n-maxRows)
}

// block writes a title with lines below it, without Markdown. It writes nothing if
// there are no lines.
func block(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", text.Cut(text.OneLine(line), 4*maxPhrase))
	}
}
