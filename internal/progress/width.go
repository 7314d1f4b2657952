package progress

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells is how wide a terminal shows s.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	switch {
	case r < 0x300: // nothing here is wide or combines
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	case width.Neutral, width.EastAsianAmbiguous, width.EastAsianNarrow, width.EastAsianHalfwidth:
	}
	return 1
}

// cut shortens s to so many cells, and shows that it did.
func cut(s string, limit int) string {
	if limit <= 0 {
		return ""
	}
	n, room := 0, 0 // up to where the mark still fits
	for i, r := range s {
		if n < limit {
			room = i
		}
		if n += cellsOf(r); n > limit {
			return s[:room] + "…"
		}
	}
	return s
}

// pad fills s with spaces up to so many cells.
func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-cells(s))) }
