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
	userInfo = regexp.MustCompile(`(://)[^/\s@:]*:[^/\s]+@`)
	jwt      = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`)
	// cause matches what is no secret after such a word, but why there is none: a
	// sentence that goes on, with a status or with words ("token: unexpected status
	// from", "authorization: server message: "), or one of the words that end one.
	cause = regexp.MustCompile(`^(?i:(?:token|secret|authorization): (?:(?:\d{3}|[a-z]{2,15}[:,]?) (?:[a-z]|\d{3}\b|"http)|` +
		`(?:\d{3} )?(?:eof|forbidden|unauthorized|denied|invalid|expired|missing|required|failed|unknown|empty|none|null)\b))`)
)

// Redact replaces what looks like a secret in a line by "(hidden)".
func Redact(line string) string {
	line = redactValues(line)
	line = userInfo.ReplaceAllString(line, "${1}(hidden)@")
	return jwt.ReplaceAllString(line, "(hidden)")
}

// redactValues hides the values after words for secrets, but for causes.
func redactValues(line string) string {
	var b strings.Builder
	end := 0
	for _, at := range secretValue.FindAllStringSubmatchIndex(line, -1) {
		address := at[0] > 0 && line[at[0]-1] == '/' && !strings.Contains(line[at[2]:at[3]], "=")
		if address || at[0] < end || explains(line[at[0]:]) {
			continue
		}
		b.WriteString(line[end:at[3]])
		b.WriteString("(hidden)")
		end = at[1] + restOfQuote(line[:at[3]], line[at[1]:])
	}
	return b.String() + line[end:]
}

// restOfQuote returns how much of what follows a value belongs to it, since it stands
// in quotes that begin at the end of before.
func restOfQuote(before, after string) int {
	if quote := before[len(before)-1]; quote == '"' || quote == '\'' {
		return max(0, strings.IndexByte(after, quote))
	}
	return 0
}

// explains returns whether a text that begins with a word for a secret tells a cause.
// A scheme is followed by a credential, whatever that looks like.
func explains(text string) bool {
	return cause.MatchString(text) && !scheme.MatchString(text)
}

var scheme = regexp.MustCompile(`^(?i:authorization: (?:bearer|basic)) `)

// join returns the parts that are not empty, separated by ": ".
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}
