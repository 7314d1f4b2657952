package secrets

import (
	"regexp"
	"strings"
)

// LooksSo returns whether a field of this name looks like a secret. It also does where
// it names a Secret object: nobody misses the value of a field that differs.
func LooksSo(name string) bool { return secretName.MatchString(name) || shortName.MatchString(name) }

// What looks like a secret. Those that are known are masked by their value (Mask); these
// patterns catch others, in logs say.
var (
	lineValue = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|authorization)` +
		`["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"',;&]+`)
	lineUser = regexp.MustCompile(`(://)[^/\s@:]*:[^/\s]+@`)
	jwt      = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`)
	// cause matches what is no secret after such a word, but why there is none: a
	// sentence that goes on, with a status or with words ("token: unexpected status
	// from", "authorization: server message: "), or one of the words that end one.
	cause = regexp.MustCompile(`^(?i:(?:token|secret|authorization): (?:(?:\d{3}|[a-z]{2,15}[:,]?) (?:[a-z]|\d{3}\b|"http)|` +
		`(?:\d{3} )?(?:eof|forbidden|unauthorized|denied|invalid|expired|missing|required|failed|unknown|empty|none|null)\b))`)
)

// InLine replaces by "(hidden)" what looks like a secret in a line that a program
// printed.
func InLine(line string) string {
	line = redactValues(line)
	line = hideTokens(line)
	line = lineUser.ReplaceAllString(line, "${1}"+notShown+"@")
	return jwt.ReplaceAllString(line, notShown)
}

// redactValues hides the values after words for secrets, but for causes.
func redactValues(line string) string {
	var b strings.Builder
	end := 0
	for _, at := range lineValue.FindAllStringSubmatchIndex(line, -1) {
		address := at[0] > 0 && line[at[0]-1] == '/' && !strings.Contains(line[at[2]:at[3]], "=")
		if address || at[0] < end || explains(line[at[0]:]) || isImage(line, at[0], at[1]) {
			continue
		}
		b.WriteString(line[end:at[3]])
		b.WriteString(notShown)
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
