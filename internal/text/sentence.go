package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence returns s with a capital at its beginning and a full stop at its end,
// or "" if s is empty.
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(s[size:], ".") + "."
}

// Sentences joins parts with spaces. It ends each with a full stop and leaves out
// empty ones.
func Sentences(parts ...string) string {
	var sentences []string
	for _, p := range parts {
		if p == "" {
			continue
		}
		if !strings.HasSuffix(p, ".") {
			p += "."
		}
		sentences = append(sentences, p)
	}
	return strings.Join(sentences, " ")
}

// After returns s with separator before it, or "" if s is empty: the part of a
// line that may be missing.
func After(separator, s string) string {
	if s == "" {
		return ""
	}
	return separator + s
}
