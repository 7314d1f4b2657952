package health

import (
	"regexp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// MaxMessage is how many bytes of a status message or an event are kept.
const MaxMessage = 512

// Sanitize makes one line of text that others wrote into a status or an event:
// whitespace is folded, what looks like a secret is hidden, and no more than
// MaxMessage bytes are kept.
func Sanitize(message string) string {
	return text.Cut(Redact(strings.Join(strings.Fields(message), " ")), MaxMessage)
}

// What looks like a secret. Secrets that Berth was given are masked elsewhere by
// their value; these patterns catch others, in logs say.
var (
	secretValue = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|authorization)` +
		`["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"',;&]+`)
	userInfo = regexp.MustCompile(`(://)[^/\s@:]*:[^/\s@]+@`)
	jwt      = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`)
)

// Redact replaces what looks like a secret in a line by "(hidden)".
func Redact(line string) string {
	line = secretValue.ReplaceAllString(line, "${1}(hidden)")
	line = userInfo.ReplaceAllString(line, "${1}(hidden)@")
	return jwt.ReplaceAllString(line, "(hidden)")
}

// join returns the parts that are not empty, separated by ": ".
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}
