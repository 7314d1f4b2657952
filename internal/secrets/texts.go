package secrets

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// mentions are in each name that IsName takes for a secret's, in lower case, and in each text
// that calls something so.
var mentions = []string{"secret", "pass", "pw", "token", "credential", "key", "authorization", "masterauth"}

// MayName returns whether a text may call something a secret. It takes no time.
func MayName(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(mentions, func(word string) bool { return strings.Contains(lower, word) })
}

// secretWord is what a secret is called in a text, called is that with what may stand before it,
// and quotes are a value in quotes.
const (
	secretWord = `(?:` + words + ending + `|pass\d*|pw\d*)`
	called     = `([\w.-]*` + secretWord + `)["']?[ \t]*`
	quotes     = `"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'`
)

// Those that only some texts need are compiled then.
var (
	// wholeLine matches a line that is password=x or password: x, with and without quotes.
	wholeLine = compiled(`(?im)^\s*(?:-\s+)*(?:export\s+)?["']?` + called + `(?:=>|[=:])[ \t]*(\S.*?)\s*,?\s*$`)
	// anywhere matches password=x, password="x" and password: "x" anywhere in a line: in a query,
	// a list of such, a command, the attribute of an element.
	anywhere = compiled(`(?i)` + called + `(?:=>?[ \t]*(?:` + quotes + `|([^\s"';&]+))|:[ \t]*(?:` + quotes + `))`)
	// element matches <password>x</password>.
	element = compiled(`(?i)<([\w:.-]*` + secretWord + `)(?:\s[^<>]*)?>\s*([^<>\s][^<>]*?)\s*</`)
	// flagOf matches --password x in a command.
	flagOf = compiled(`(?i)(?:^|[\s;|&(])--?([\w.-]*` + secretWord + `)[ \t]+(?:` + quotes + `|([^\s"'=;|&)-][^\s"';|&)]*))`)
	// headerOf matches the header that lets somebody in, with a scheme, and directive what servers have it and others in.
	headerOf = compiled(`(?i)authorization(?:\\*["']?[ \t]*[=:][ \t]*\\*["']?|["']?,?[ \t]+["'])` +
		schemes + `[ \t]+([^\s"'$\\;,][^\s"'\\;,]*)`)
	directive = compiled(`(?im)^[ \t]*(?:(?:(?:proxy|grpc)_set_header|(?:fastcgi|uwsgi|scgi)_param|add_header|header_up|set)[ \t]+` +
		`\$?([\w.-]*(?:` +
		secretWord + `|authorization))|(?:requirepass|masterauth))[ \t]+` +
		`(?:"([^"$\n][^"\n]*)"|'([^'$\n][^'\n]*)'|([^\s"'$;][^\s"';]*))[ \t]*;?[ \t]*$`)
	// userInfo matches the user and password of an address, whatever stands before it, and
	// driverInfo those of one as Go's drivers of databases take it: user:password@tcp(host).
	userInfo   = compiled(`://[^\s/?#"'@:]*:([^\s/?#"']+)@`)
	driverInfo = compiled(`(?:^|[\s"'=])[^\s/?#"'@:]+:([^\s"']+)@(?:tcp|udp|unix)\(`)
)

func compiled(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// InText returns what of a text is secret by itself: the password of an address, and what
// is called a secret in a file of variables or settings, of YAML, of JSON or of XML.
func InText(text string) []string { return looking{}.inText(text) }

// looking is how many documents a text stands in, of which each is a text in the one before.
type looking struct{ depth int }

// deepest is as many as anybody writes: a chart can make hundreds of them, each of which is read
// with all that are in it.
const deepest = 3

func (l looking) inText(text string) []string {
	return unique(append(l.parts(text, minFound), l.inDocuments(text)...))
}

// InSettings is InText for a text that need be no file: one line of it alone, such as a sentence
// about a token, calls nothing so.
func InSettings(text string) []string {
	if strings.Contains(text, "\n") {
		return InText(text)
	}
	return unique(append(looking{}.partsWithin(text, minFound), looking{}.inDocuments(text)...))
}

// parts returns what of a value is secret by itself: the password of an address, the
// values of a file of variables that are called a secret, and those of JSON, such as
// the credentials of a registry.
func parts(value string, shortest int) []string { return looking{}.parts(value, shortest) }

func (l looking) parts(value string, shortest int) []string {
	found := l.partsWithin(value, shortest)
	if !MayName(value) {
		return found
	}
	for _, at := range wholeLine().FindAllStringSubmatch(value, -1) {
		if isCalled(at[1]) {
			found = append(found, valueOf(at[2])...)
		}
	}
	return longEnough(found, value, shortest)
}

// partsWithin returns the parts of a value that are so wherever they stand in it.
func (l looking) partsWithin(value string, shortest int) (found []string) {
	found = OfUsers(value)
	if MayName(value) {
		if strings.ContainsAny(value, "=:") {
			for _, at := range anywhere().FindAllStringSubmatch(value, -1) {
				found = append(found, choose(at)...)
			}
		}
		found = append(found, inHeaders(value)...)
		if strings.Contains(value, "</") {
			for _, at := range element().FindAllStringSubmatch(value, -1) {
				if IsName(at[1]) {
					found = append(found, at[2], html.UnescapeString(at[2]))
				}
			}
		}
	}
	return longEnough(append(found, l.inJSONOf(value)...), value, shortest)
}

// OfUsers returns the passwords of the addresses in a text, and the tokens that stand for users there.
func OfUsers(text string) (found []string) {
	if !strings.Contains(text, "@") {
		return nil
	}
	found = tokensIn(text)
	for _, pattern := range []func() *regexp.Regexp{userInfo, driverInfo} {
		for _, at := range pattern().FindAllStringSubmatch(text, -1) {
			found = append(found, at[1])
			if sent, err := url.PathUnescape(at[1]); err == nil && sent != at[1] {
				found = append(found, sent) // as it is sent
			}
		}
	}
	return found
}

// inHeaders returns what is secret in the headers that a text holds, and in the directives of a server.
func inHeaders(text string) (found []string) {
	for _, at := range headerOf().FindAllStringSubmatch(text, -1) {
		found = append(found, InHeader("Basic " + at[1])[1:]...)
	}
	for _, at := range directive().FindAllStringSubmatch(text, -1) {
		for _, value := range at[2:] {
			switch {
			case value == "":
			case IsHeader(at[1]):
				found = append(found, InHeader(value)...)
			case at[1] == "" || IsName(at[1]):
				found = append(found, value)
			}
		}
	}
	return found
}

// inCommand returns what of a command is the value of a flag that is called a secret.
func inCommand(command string) (found []string) {
	for _, at := range flagOf().FindAllStringSubmatch(command, -1) {
		found = append(found, choose(at)...)
	}
	return unique(append(found, looking{}.partsWithin(command, minFound)...))
}

// isCalled returns whether the name that a line begins with is a secret's. Unlike IsName it takes
// that of a reference for one, as in a file of variables: TLS_SECRET=x.
func isCalled(name string) bool { return secretName.MatchString(name) || shortName.MatchString(name) }

// choose returns the value that a match of a name and its value in one of several forms has.
func choose(match []string) (found []string) {
	if !IsName(match[1]) {
		return nil
	}
	for _, value := range match[2:] {
		if value == "" {
			continue
		}
		found = append(found, value)
		if end := strings.IndexAny(value, ",<>(){}[]|"); end > 0 { // a list goes on, or what it stands in
			found = append(found, value[:end])
		}
		if plain := ""; json.Unmarshal([]byte(`"`+value+`"`), &plain) == nil {
			found = append(found, plain)
		}
	}
	return found
}

// valueOf returns what stands behind a name to the end of its line: in quotes, or with and
// without a comment behind it.
func valueOf(rest string) []string {
	whole := strings.Trim(rest, `"'`)
	if rest[0] == '"' || rest[0] == '\'' {
		inner, behind, closed := strings.Cut(rest[1:], rest[:1])
		if closed && !strings.HasSuffix(behind, rest[:1]) {
			return []string{inner}
		}
		return []string{inner, whole}
	}
	plain, _, _ := strings.Cut(rest, " #")
	return []string{whole, strings.TrimSpace(plain)}
}

// inJSONOf returns the secrets of a value that is JSON.
func (l looking) inJSONOf(value string) []string {
	if begin := strings.TrimSpace(value); l.depth == deepest || !strings.HasPrefix(begin, "{") && !strings.HasPrefix(begin, "[") {
		return nil
	}
	var document any
	if json.Unmarshal([]byte(value), &document) != nil {
		return nil
	}
	return looking{l.depth + 1}.inValues(document, false, leavesOf(document, "auth"))
}

// longEnough returns what was found in a value, without what is short and the value itself.
func longEnough(found []string, value string, shortest int) []string {
	return slices.DeleteFunc(unique(found), func(part string) bool { return len(part) < shortest || part == value })
}

// unique returns a list without what it has had before.
func unique(all []string) (once []string) {
	known := map[string]bool{}
	for _, one := range all {
		if !known[one] {
			known[one] = true
			once = append(once, one)
		}
	}
	return once
}
