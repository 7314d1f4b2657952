package app

import (
	"path"
	"regexp"
	"strings"
)

const (
	maxSlug    = 40
	slugDigits = 6 // digits of the identity that a changed name ends with
)

// hashed matches a name that ends as a changed one does.
var hashed = regexp.MustCompile(`-[0-9a-f]{6}$`)

// Slug returns the branch's name in a form that can be part of other names: at
// most 40 of a-z, 0-9 and -, beginning with a letter. Where the name had to be
// changed, or ends as if it had been, it ends with the first digits of the
// identity, so that the branches a/b and a-b have different slugs, and no branch
// is called like another's slug.
//
// Anybody may name the branch of a fork, so its slug ends with the whole identity,
// after two dashes, which no other slug has: it is nobody else's, whatever the
// branch is called.
func Slug(s Source) string {
	slug, identity := simplify(s.Branch), Identity(s)
	if s.fromFork() {
		return forkSlug(slug, identity)
	}
	hash := identity[:slugDigits]
	switch {
	case slug == "":
		return "b-" + hash
	case slug == s.Branch && len(slug) <= maxSlug && !hashed.MatchString(slug):
		return slug
	}
	return cutTo(slug, maxSlug-len("-")-slugDigits) + "-" + hash
}

// forkSlug never has the two dashes as third and fourth character: such a label of a
// host name is kept for internationalised names (RFC 5891, 4.2.3.1), and certificate
// authorities refuse it.
func forkSlug(slug, identity string) string {
	const separator = "--"
	slug = cutTo(slug, maxSlug-len(separator)-hashDigits)
	switch len(slug) {
	case 0:
		slug = "b"
	case len("xn"):
		slug = "b-" + slug
	}
	return slug + separator + identity
}

// cutTo cuts a slug to a length. What is left does not end with a dash.
func cutTo(slug string, length int) string {
	if len(slug) <= length {
		return slug
	}
	return strings.TrimRight(slug[:length], "-")
}

// Name returns the default name of an application, made from the last part of its
// repository's.
func Name(repository string) string {
	if name := simplify(path.Base(repository)); name != "" {
		return name
	}
	return "b-" + fingerprint("", repository)[:slugDigits]
}

// simplify converts to lower case, replaces each run of characters other than
// a-z0-9 with one dash, removes dashes at both ends, and puts b- before a leading
// digit.
func simplify(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if !isLetter(r) && !isDigit(r) {
			dash = true
			continue
		}
		if dash && b.Len() > 0 {
			b.WriteByte('-')
		}
		dash = false
		b.WriteRune(r)
	}
	simple := b.String()
	if simple != "" && isDigit(rune(simple[0])) {
		return "b-" + simple
	}
	return simple
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' }
func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
