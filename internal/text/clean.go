package text

import (
	"regexp"
	"strings"
	"unicode"
)

// OneLine returns untrusted text as one printable line: Clean, with every run of
// white space replaced by one space and none at the ends.
func OneLine(s string) string {
	if isPlain(s) && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") && !strings.Contains(s, "  ") {
		return s
	}
	return strings.Join(strings.Fields(Clean(s)), " ")
}

// Lines returns the lines of Clean(s) without their outer spaces; empty ones are
// left out.
func Lines(s string) []string {
	var lines []string
	for line := range strings.Lines(Clean(s)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Clean makes untrusted text safe to print: valid UTF-8, lines ended by \n, no
// terminal sequences, no control characters except \n and \t, nothing invisible
// that reorders or hides what a reader sees (https://trojansource.codes).
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = escapeSequence.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\uFFFE', r == '\uFFFF':
			return -1
		}
		return r
	}, s)
}

// isPlain reports whether s is printable ASCII, as nearly all text is: there is nothing to
// clean, and each byte takes up one cell. A list of ten thousand apps asks that of each of its cells.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// escapeSequence matches terminal control sequences: CSI, OSC and the two-byte
// ones. A nested sequence can leave characters behind; Clean then removes their
// escape character, so that they are plain text.
var escapeSequence = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])`)
