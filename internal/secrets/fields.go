package secrets

import (
	"regexp"
	"strings"
)

// inField is what stands behind a name in the text of a field: in quotes, also in those of a text within a text, in a
// block of YAML, or up to what ends a value.
const inField = `(\\+"[^"\\]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[|>][-+\d]*[ \t\r]*(?:\n[ \t]+[^\n]*)+|[^\s,;&{\[][^\s,;&]*)`

// namedTexts find a secret in a text after what it is called: the last group of each is the secret, and the first of those
// with two is its name.
var namedTexts = []func() *regexp.Regexp{
	compiled(`(?i)([\w.-]*` + secretWord + `)\\*["']?[ \t]*(?:=>?|:)[ \t]*` + inField),
	// A value alone on the next line. What has a colon there is a name with a value of its own.
	compiled(`(?im)([\w.-]*` + secretWord + `)\\*["']?[ \t]*:[ \t]*\r?\n[ \t]+(?:-[ \t]+)?["']?([^\s:,;&"'{\[]+)["']?[ \t\r]*$`),
	compiled(`(?i)(?:^|[\s;|&("'])--?([\w.-]*` + secretWord + `)[ \t]+` + inField),
	wholeLine, element, headerOf, directive,
}

var (
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)`)
	aJWT       = regexp.MustCompile(`(` + jwt.String() + `)`)
	passwordOf = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s]+@`)
)

// InField replaces by "(hidden)" what looks like a secret in the text of a field.
func InField(s string) string {
	s = hideIn(s, privateKey)
	if MayName(s) {
		for _, pattern := range namedTexts {
			s = hideIn(s, pattern())
		}
	}
	s = hideIn(s, aJWT)
	s = passwordOf.ReplaceAllString(hideTokens(s), "${1}"+notShown)
	if strings.Contains(s, "(") {
		s = hideIn(s, driverInfo())
	}
	return s
}

// hideIn hides what a pattern finds: of its groups the last that matched.
func hideIn(s string, pattern *regexp.Regexp) string {
	var b strings.Builder
	end := 0
	for _, at := range pattern.FindAllStringSubmatchIndex(s, -1) {
		groups := at[2:]
		named := len(groups) > 2 && groups[0] >= 0
		for len(groups) > 2 && groups[len(groups)-2] < 0 {
			groups = groups[:len(groups)-2]
		}
		from, to := groups[len(groups)-2], groups[len(groups)-1]
		switch {
		case from < end || from == to || strings.HasPrefix(s[from:to], notShown) && to-from == len(notShown):
			continue
		case named && !LooksSo(s[at[2]:at[3]]) && !IsHeader(s[at[2]:at[3]]), isImage(s, from, to):
			continue
		}
		b.WriteString(s[end:from])
		b.WriteString(notShown)
		end = to
	}
	return b.String() + s[end:]
}

var (
	// tokenUser matches the user of an address, which is a token where no password is needed.
	tokenUser = regexp.MustCompile(`://([^\s/?#"'@:]+)(?::[^\s/?#"'@]*)?@`)
	// tokenPrefix matches what tokens of well-known services begin with.
	tokenPrefix = regexp.MustCompile(`^(?:gh[opsur]_|github_pat_|gl[a-z]{2,6}-|xox[a-z]-|[sr]k_(?:live|test)_|` +
		`npm_|pypi-|dop_v1_|hf_|AKIA|ATATT|dckr_pat_)` +
		`[\w-]{8,}`)
	aDigit  = regexp.MustCompile(`\d`)
	aLetter = regexp.MustCompile(`[A-Za-z]`)
)

// shortestToken is how many bytes a token has that is none of a well-known service. Users are shorter, mostly.
const shortestToken = 16

// isToken returns whether what stands in the place of an address's user looks like a token, and not like a name.
func isToken(user string) bool {
	return tokenPrefix.MatchString(user) ||
		len(user) >= shortestToken && aDigit.MatchString(user) && aLetter.MatchString(user) && !strings.Contains(user, "%40")
}

// tokensIn returns the tokens that stand for users in the addresses of a text.
func tokensIn(text string) (found []string) {
	for _, at := range tokenUser.FindAllStringSubmatch(text, -1) {
		if isToken(at[1]) {
			found = append(found, at[1])
		}
	}
	return found
}

// hideTokens hides those tokens.
func hideTokens(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	end := 0
	for _, at := range tokenUser.FindAllStringSubmatchIndex(s, -1) {
		if isToken(s[at[2]:at[3]]) {
			b.WriteString(s[end:at[2]])
			b.WriteString(notShown)
			end = at[3]
		}
	}
	return b.String() + s[end:]
}

var (
	// image matches the reference of an image, with its host, what follows that, and its tag. Its name may end in
	// a word for a secret, and then its tag is none.
	image = regexp.MustCompile(`^([a-z0-9][a-z0-9.-]*(?::\d+)?/)?(?:[a-z0-9._-]+/)*[a-z0-9._-]+:(\w[\w.-]*)(?:@sha\d+:[0-9a-f]*)?[.:]?$`)
	// versionTag matches what tags are mostly, and hardly a secret.
	versionTag = regexp.MustCompile(`^(?:v\d[\w.-]*|\d+\.\d[\w.-]*|\d{1,3}|[0-9a-f]{7,40}|sha-[0-9a-f]+|` +
		`latest|main|master|stable|edge|nightly|dev)$`)
	// ofImage matches what stands before the reference of an image in a text.
	ofImage = regexp.MustCompile(`(?i)image["']?\s*[:=]?\s*["']?$`)
)

// isImage returns whether what stands around this part of a text is the reference of an image.
func isImage(s string, from, to int) bool {
	const around = " \t\r\n\"'=,;()[]{}<>\\|&"
	begin := strings.LastIndexAny(s[:from], around) + 1
	end := len(s)
	if i := strings.IndexAny(s[from:], around); i >= 0 {
		end = from + i
	}
	at := image.FindStringSubmatch(s[begin:end])
	if to > end || at == nil {
		return false
	}
	if from > begin && bareWord().MatchString(s[begin:from-1]) {
		return false // nothing but the word for a secret is no image's name
	}
	version := versionTag.MatchString(strings.TrimRight(at[2], "."))
	switch {
	case strings.ContainsAny(at[1], ".:") || at[1] == "localhost/":
		return true
	case strings.Contains(s[begin:end], "/"):
		return version
	}
	return version && !plainNumber.MatchString(at[2]) && (begin < 2 || ofImage.MatchString(s[max(0, begin-16):begin]))
}

// bareWord matches what ends in a word for a secret that is a name by itself.
var bareWord = compiled(`(?i)(?:^|/)` + secretWord + `$`)

var plainNumber = regexp.MustCompile(`^[0-9a-f]+$`)
