package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// The bounds of what is made of one value. Nothing that is shown holds more: messages
// are cut long before.
const (
	maxValue   = 1 << 20  // bytes of a value that are looked at, as many as a Secret has
	maxEncoded = 16 << 10 // bytes of one that is looked for in its encodings
	maxLines   = 8        // of a value with more lines, their encodings are not looked for
)

// forms calls add with every form in which a value is looked for: its lines as they
// are and as others quote them, and the encodings of both. Of a certificate or a file
// of many lines only the whole is looked for in its encodings, and its passwords are.
func forms(value string, shortest int, add func(form string)) {
	if len(value) > maxValue {
		value = value[:maxValue]
	}
	addLong := func(form string) {
		if len(strings.TrimSpace(form)) >= shortest {
			add(form)
			if strings.Contains(form, "`") {
				add(withoutCode(form))
			}
		}
	}
	addEncoded := func(form string) {
		if len(form) >= minFound {
			add(form)
		}
	}
	all := lines(value, shortest)
	for i, s := range all {
		spellings(s, addLong)
		if i == 0 || len(all) <= maxLines {
			encodings(s, addEncoded)
		}
	}
	for _, part := range append(parts(value, shortest), unended(value)...) {
		for _, s := range append(lines(part, shortest), unended(part)...) {
			spellings(s, addLong)
			encodings(s, addEncoded)
		}
	}
}

// plainForms calls add with the lines of a value as they are, and what is secret in it.
func plainForms(value string, shortest int, add func(form string)) {
	value = value[:min(len(value), maxValue)]
	for _, form := range slices.Concat(lines(value, shortest), parts(value, shortest)) {
		add(form)
		add(withoutCode(form))
	}
}

// A headline is made before the mask sees it. What others wrote stands in it with no
// backtick, which would end the code that it quotes, and goes on behind what ended it.

func withoutCode(s string) string { return strings.ReplaceAll(s, "`", "'") }

// unended returns a value without what ends a sentence or a clause, where it ends so. What
// has several lines does not: a word with a colon is a key in a file of YAML.
func unended(value string) []string {
	value = strings.TrimSpace(value)
	if s := strings.TrimRight(value, ".:; "); s != value && !strings.Contains(s, "\n") {
		return []string{s}
	}
	return nil
}

// spellings calls add with a text as it is, as the reports clean it, and as Go, JSON,
// YAML and HTML quote it.
func spellings(s string, add func(form string)) {
	add(s)
	if isPlain(s) {
		return // they are all the same
	}
	for _, form := range []string{s, strings.TrimSpace(s), text.Clean(s), text.OneLine(s)} {
		add(form)
		add(unquoted(strconv.Quote(form)))
		add(unquoted(strconv.QuoteToASCII(form)))
		add(strings.ReplaceAll(form, "'", "''"))
		add(html.EscapeString(form))
		for _, escapeHTML := range []bool{false, true} {
			once := inJSON(form, escapeHTML)
			add(once)
			add(inJSON(once, escapeHTML))
			add(unquoted(strconv.Quote(once)))
		}
	}
}

// isPlain returns whether a text has no character that anybody quotes.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte("\"'\\<>&", s[i]) >= 0 {
			return false
		}
	}
	return true
}

// encodings calls add with a text in base64 once and twice, as hexadecimal, as the
// bytes that Go prints, and as a URL has it.
func encodings(s string, add func(form string)) {
	if len(s) > maxEncoded {
		return
	}
	once := base64.StdEncoding.EncodeToString([]byte(s))
	addBase64(once, add)
	addBase64(base64.StdEncoding.EncodeToString([]byte(once)), add)
	for _, width := range []int{64, 76} { // of a line, in PEM and in MIME, as base64 writes it
		addLines(within(s, 0), width, add)
	}
	for shift := range 3 {
		core := within(s, shift)
		addBase64(core, add)
		for outer := range 3 {
			addBase64(within(core, outer), add)
		}
	}
	digits := hex.EncodeToString([]byte(s))
	add(digits)
	add(strings.ToUpper(digits))
	add(strings.Trim(fmt.Sprintf("%d", []byte(s)), "[]"))
	query := url.QueryEscape(s)
	for _, escaped := range []string{query, componentOf.Replace(query), url.PathEscape(s), url.UserPassword("", s).String()[1:]} {
		add(escaped)
		add(lowerEscapes(escaped))
	}
}

// within returns the characters of base64 that a text makes wherever it stands in what
// is encoded, behind a multiple of three bytes and shift more. With any other text
// around it only the characters at its ends differ. So "user:password" of Basic
// authentication is found by the password alone.
func within(s string, shift int) string {
	const bits = 6
	all := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	from := (shift*8 + bits - 1) / bits
	to := (shift + len(s)) * 8 / bits
	return all[min(from, to):to]
}

var toURLSafe = strings.NewReplacer("+", "-", "/", "_")

// componentOf makes of what Go escapes what JavaScript's encodeURIComponent does, and
// Python's quote with no safe character nearly.
var componentOf = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")

// addBase64 adds base64 in both alphabets.
func addBase64(s string, add func(form string)) {
	add(s)
	add(strings.TrimRight(s, "="))
	if strings.ContainsAny(s, "+/") {
		add(toURLSafe.Replace(s))
		add(strings.TrimRight(toURLSafe.Replace(s), "="))
	}
}

// addLines adds base64 that is broken into lines: each stands by itself in a log.
func addLines(s string, width int, add func(form string)) {
	if len(s) <= width {
		return
	}
	for line := range slices.Chunk([]byte(s), width) {
		addBase64(string(line), add)
	}
}

// lowerEscapes returns a text with its %XX in lower case.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// inJSON returns a text as JSON writes it, without the quotes.
func inJSON(s string, escapeHTML bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	_ = enc.Encode(s) // a string can be encoded, a buffer written to
	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

// unquoted returns a text in quotes without them.
func unquoted(s string) string {
	if len(s) < 2 {
		return s
	}
	return s[1 : len(s)-1]
}
