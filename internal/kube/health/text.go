package health

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// MaxMessage is how many bytes of a status message or an event are kept.
const MaxMessage = 512

// Sanitize makes one line of text that others wrote into a status or an event:
// whitespace is folded, what looks like a secret is hidden, and no more than
// MaxMessage bytes are kept.
func Sanitize(message string) string {
	return text.Cut(secrets.InLine(strings.Join(strings.Fields(message), " ")), MaxMessage)
}

// join returns the parts that are not empty, separated by ": ".
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}
