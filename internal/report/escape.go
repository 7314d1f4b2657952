package report

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// wordJoiner is invisible, and no line is broken at it. Behind @ and # it keeps
// GitHub and GitLab from finding a mention or a reference. A backslash would not:
// they look for these after Markdown was rendered.
const wordJoiner = '\u2060'

// escapeText returns s on one line for running Markdown text and table cells: it
// makes no emphasis, link, image, HTML, mention, cell border or block.
func escapeText(s string) string { return escape(text.OneLine(s)) }

// escape is escapeText for a part of a line: its outer spaces stay.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '|': // a backslash before it means different things to different parsers
			b.WriteString("&#124;")
		case r == '@', r == '#':
			b.WriteRune(r)
			b.WriteRune(wordJoiner)
		case strings.ContainsRune("\\`*_[]~$", r), startsBlock(s, i), startsLink(s, i):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// startsBlock says whether the character at i would begin a list, a rule or a
// heading if s began a line.
func startsBlock(s string, i int) bool {
	switch s[i] {
	case '-', '+', '=':
		return i == 0
	case '.', ')':
		ends := i+1 == len(s) || s[i+1] == ' '
		return ends && i > 0 && strings.Trim(s[:i], "0123456789") == ""
	}
	return false
}

// startsLink says whether the character at i is part of what GitHub turns into a
// link by itself: scheme:// and www.
func startsLink(s string, i int) bool {
	switch s[i] {
	case ':':
		return strings.HasPrefix(s[i:], "://")
	case '.':
		return i >= 3 && strings.EqualFold(s[i-3:i], "www")
	}
	return false
}

// code returns s as inline code, in which no mention and no link is looked for. A
// pipe would end a table's cell even in code, so text with one is escaped instead.
func code(s string) string {
	s = text.OneLine(s)
	if s == "" || strings.Contains(s, "|") {
		return escape(s)
	}
	return codeSpan(s)
}

// codeSpan returns one line as inline code outside of tables.
func codeSpan(s string) string {
	if s == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(s)+1)
	if s[0] == '`' || s[len(s)-1] == '`' {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// prose returns a sentence of Berth's own, which may quote others: what stands
// between two backticks becomes code, everything else is escaped.
func prose(s string) string { return markdown(spansOf(s)) }

// markdown returns parts of a line as Markdown.
func markdown(spans []span) string {
	var b strings.Builder
	for _, part := range spans {
		if part.Code {
			b.WriteString(code(part.Text))
		} else {
			b.WriteString(escape(part.Text))
		}
	}
	return b.String()
}

// span is a part of a line, as it is: text, or code.
type span struct {
	Code bool
	Text string
}

// spansOf returns a sentence of Berth's own in its parts: what stands between two
// backticks is code.
func spansOf(s string) []span {
	parts := strings.Split(text.OneLine(s), "`")
	if last := len(parts) - 1; last%2 == 1 { // a backtick without its partner stays one
		parts[last-1] += "`" + parts[last]
		parts = parts[:last]
	}
	var spans []span
	for i, part := range parts {
		switch {
		case i%2 == 0 && part == "":
		case i%2 == 0:
			spans = append(spans, span{false, part})
		case text.OneLine(part) == "":
			spans = append(spans, span{false, "``"})
		default:
			spans = append(spans, span{true, text.OneLine(part)})
		}
	}
	return spans
}

// codeBlock returns s, cut to limit bytes, as a code block that nothing in s can close.
func codeBlock(language, s string, limit int) string {
	s = strings.TrimRight(text.Cut(text.Clean(s), limit), "\n \t")
	ticks := strings.Repeat("`", max(3, longestRun(s)+1))
	return ticks + language + "\n" + s + "\n" + ticks + "\n"
}

// longestRun returns the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// link returns a plain web address as a link, and anything else as code.
func link(s string) string { return labelled(s, "") }

// labelled is link, of which a label is seen where there is one.
func labelled(s, label string) string {
	u, ok := webAddress(s)
	if !ok {
		return code(s)
	}
	return "[" + escape(cmp.Or(label, u)) + "](<" + u + ">)"
}

// linked returns Markdown as a link to a page, and as it is where that is no plain web
// address.
func linked(markdown, page string) string {
	if u, ok := webAddress(page); ok {
		return "[" + markdown + "](<" + u + ">)"
	}
	return markdown
}

// webAddress returns s if it is an http(s) address that may be shown as a link: it
// has a host, no credentials, at most 2 KiB, and no character that Markdown, a
// dotenv file or a terminal could take for its own. Otherwise it returns false.
func webAddress(s string) (string, bool) {
	s = strings.TrimSpace(text.Clean(s))
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	// What is shown is looked at as well: of an IPv6 zone it has as text what was escaped.
	if len(s) > 2048 || strings.ContainsAny(s+u.String(), " \t\n<>\"`|\\") {
		return "", false
	}
	if strings.ContainsAny(u.Host, "!$&'()*+,;=") { // no host has these, and HTML has others in their place
		return "", false
	}
	return u.String(), true
}
