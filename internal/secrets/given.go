package secrets

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// Password returns the password of an address, as it stands there and as it is sent, and
// what stands for it together with the user in a header of Basic authentication.
func Password(address string) []string {
	begin := beginOfAddress.FindString(address)
	if !strings.Contains(address, "://") {
		begin = "" // $HTTPS_PROXY may lack its scheme
	}
	rest := address[len(begin):]
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return nil
	}
	user, password, _ := strings.Cut(rest[:at], ":")
	if password == "" && len(user) >= minFound { // a token
		return []string{user, base64.StdEncoding.EncodeToString([]byte(user + ":"))}
	}
	found := []string{password, Basic(user, password)}
	sentUser, errUser := url.PathUnescape(user)
	sent, err := url.PathUnescape(password)
	if err == nil && errUser == nil && sentUser+sent != user+password {
		found = append(found, sent, Basic(sentUser, sent))
	}
	return found
}

// signature matches the names of a query's parameters that let somebody in.
var signature = regexp.MustCompile(`(?i)sig|key|auth|code|token`)

// InQuery returns the query of an address, which may hold a signature, and what in it is
// one by its name.
func InQuery(address string) []string {
	_, query, _ := strings.Cut(address, "?")
	query, _, _ = strings.Cut(query, "#")
	found := []string{query}
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		if len(value) < minFound || !signature.MatchString(name) && !IsName(name) {
			continue
		}
		found = append(found, value)
		if sent, err := url.QueryUnescape(value); err == nil && sent != value {
			found = append(found, sent)
		}
	}
	return found
}

// Basic returns what a user and password look like in a header of Basic authentication,
// and "" where there is no password. It is long enough to be looked for where a short
// password, of which no more than a few characters stay the same in it, is not.
func Basic(user, password string) string {
	if password == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

var (
	plainPath = regexp.MustCompile(`^[\p{L}\p{N} _./~+-]+$`)
	// fileName matches the end of a file's name that is no word of a password, mostly.
	fileName = regexp.MustCompile(`(?i)\.(?:ya?ml|json|toml|conf|config|kubeconfig|pem|crt|cert|cer|ca|key|txt|env|tgz|properties)$`)
)

// LooksLikePath returns whether a text may be shown as the path of a file that is not
// there: content that was given where a path belongs may not, since that can be secret.
func LooksLikePath(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) <= 400 && plainPath.MatchString(s) && fileName.MatchString(s)
}
