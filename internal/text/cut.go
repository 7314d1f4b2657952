package text

import (
	"unicode/utf8"
)

// Ellipsis ends text that was cut.
const Ellipsis = "…"

// Cut returns s if it has at most limit bytes. Otherwise it returns as many whole
// characters of s as fit into limit bytes together with the Ellipsis, which
// follows them. It returns "" if not even the Ellipsis fits.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(Ellipsis)
	if end < 0 {
		return ""
	}
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + Ellipsis
}

// CutRunes is Cut with the limit counted in runes, not in bytes.
func CutRunes(s string, limit int) string {
	if limit <= 0 {
		return ""
	}
	n, end := 0, 0 // end is where the Ellipsis goes if s is too long
	for i := range s {
		if n++; n == limit {
			end = i
		}
		if n > limit {
			return s[:end] + Ellipsis
		}
	}
	return s
}
