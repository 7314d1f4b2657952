package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// runnerCommand matches what begins a command of a runner wherever it is in a line: ##[ on
// GitHub, ##vso[ on Azure Pipelines, ##teamcity[ on TeamCity.
var runnerCommand = regexp.MustCompile(`##([A-Za-z]*\[)`)

// WithoutCommands returns text in which no runner finds a command that it looks for within a
// line.
func WithoutCommands(s string) string {
	if !strings.Contains(s, "##") { // of what is long the expression would make a copy
		return s
	}
	return runnerCommand.ReplaceAllString(s, "# #$1")
}

// plainJSON returns a JSON document of the same content, in which no text acts where it
// is shown: whoever prints it into the log of a job has a runner read it, which looks for
// commands anywhere in a line, and a terminal, which obeys C1 controls and hides or
// reorders what is around characters that nobody sees. encoding/json escapes the other
// control characters itself.
func plainJSON(document []byte) []byte {
	if bytes.Contains(document, []byte("##")) {
		document = runnerCommand.ReplaceAll(document, []byte(`#\u0023$1`))
	}
	if isASCII(document) {
		return document
	}
	var b bytes.Buffer
	b.Grow(len(document))
	for rest := document; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r >= 0x7f && isUnseen(r) {
			writeEscaped(&b, r)
		} else {
			b.Write(rest[:n])
		}
		rest = rest[n:]
	}
	return b.Bytes()
}

// isUnseen returns whether text.Clean would remove a character.
func isUnseen(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\uFFFE' || r == '\uFFFF'
}

func writeEscaped(b *bytes.Buffer, r rune) {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		return
	}
	fmt.Fprintf(b, `\u%04x`, r)
}

func isASCII(document []byte) bool {
	return bytes.IndexFunc(document, func(r rune) bool { return r >= utf8.RuneSelf || r == 0x7f }) < 0
}
