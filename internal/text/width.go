package text

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// terminal measures as most terminals display: characters whose width Unicode
// calls ambiguous take one cell, whatever the locale says.
var terminal = &runewidth.Condition{StrictEmojiNeutral: true}

// Width returns how many cells of a terminal s takes up: two for a wide
// character, none for one that combines with the character before it.
func Width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return terminal.StringWidth(s)
}

// CutCells is Cut with the limit counted in cells of a terminal. It keeps
// characters that combine together.
func CutCells(s string, limit int) string {
	switch {
	case limit <= 0:
		return ""
	case isPlain(s) && len(s) <= limit:
		return s
	}
	return terminal.Truncate(s, limit, Ellipsis)
}

// Pad appends spaces to s until it takes up the given number of cells.
func Pad(s string, cells int) string { return s + strings.Repeat(" ", max(0, cells-Width(s))) }
