package app

import (
	"fmt"
	"net/url"
	"regexp"
	"sync"

	"github.com/berth-dev/berth/internal/secrets"
)

const (
	maxLabel   = 63
	maxRelease = 53 // Helm's limit: the record's name adds a prefix and the revision
	maxHost    = 253
)

var (
	partPattern    = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	labelPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	releasePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
)

// hostPattern is compiled only when there is a URL: it is large, and every start
// would pay for it.
var hostPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
})

// NameError reports a name that is not allowed.
type NameError struct {
	What  string // app, slug, namespace, release, url
	Value string // untrusted text
	Limit string // what is allowed; a clause
	Next  string // what to do; a clause
}

// Error returns one line.
func (e *NameError) Error() string {
	return fmt.Sprintf("%s %q (%d characters) does not fit: %s; %s", e.What, e.Value, len(e.Value), e.Limit, e.Next)
}

// rule is what is allowed for one kind of name.
type rule struct {
	what    string
	max     int
	pattern *regexp.Regexp
	allowed string
}

// check returns a *NameError with next where the rule does not allow value.
func (r rule) check(value, next string) error {
	if value != "" && len(value) <= r.max && r.pattern.MatchString(value) {
		return nil
	}
	return &NameError{What: r.what, Value: value, Limit: fmt.Sprintf("at most %d characters, %s", r.max, r.allowed), Next: next}
}

const partAllowed = "lower-case letters, digits and dashes, beginning with a letter and not ending with a dash"

// checkApp allows names that are too long for a namespace or release: these are
// checked by themselves.
func checkApp(name string) error {
	return rule{"app", maxLabel, partPattern, partAllowed}.check(name, "set the input app")
}

func checkSlug(name string) error {
	return rule{"slug", maxSlug, partPattern, partAllowed}.
		check(name, "set another slug, or leave it out to have it made from the branch")
}

func checkNamespace(name string) error {
	return rule{"namespace", maxLabel, labelPattern,
		"lower-case letters, digits and dashes, neither beginning nor ending with a dash"}.
		check(name, "set a shorter app or slug, or change the namespace template")
}

func checkRelease(name string) error {
	return rule{"release", maxRelease, releasePattern,
		"lower-case letters, digits, dashes and dots, each part beginning and ending with a letter or digit"}.
		check(name, "set a shorter app or slug, or change the release template")
}

// checkURL returns the URL escaped, and its host name. It allows only what a browser
// can open and whose host a certificate can name.
func checkURL(raw string) (clean, host string, err error) {
	// Its password may be what makes it none.
	bad := func(limit, next string) (string, string, error) {
		return "", "", &NameError{What: "url", Value: secrets.Address(raw), Limit: limit, Next: next}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return bad("it has to be a URL", "change the url template; take .Slug where .Branch does not fit")
	}
	if u.User != nil {
		return bad("a user or password does not belong in it", "remove it from the url template")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return bad("it begins with https:// or http://", "change the url template")
	}
	host = u.Hostname()
	if len(host) > maxHost || !hostPattern().MatchString(host) {
		return bad(fmt.Sprintf("its host is at most %d characters, each part at most %d letters, digits and inner dashes", maxHost, maxLabel),
			"set a shorter app or slug, or change the url template; take .Slug where .Branch does not fit")
	}
	return u.String(), host, nil
}
