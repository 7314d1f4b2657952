package app

import (
	"path"
	"strings"
)

const (
	maxSlug    = 40
	slugDigits = 6 // digits of the identity that a changed name ends with
)

// Slug returns the branch's name in a form that can be part of other names: at
// most 40 of a-z, 0-9 and -, beginning with a letter. Where the name had to be
// changed, it ends with the first digits of the identity, so that the branches
// a/b and a-b have different slugs.
func Slug(s Source) string {
	hash := Identity(s)[:slugDigits]
	slug := simplify(s.Branch)
	switch {
	case slug == "":
		return "b-" + hash
	case slug == s.Branch && len(slug) <= maxSlug:
		return slug
	}
	room := maxSlug - len("-") - slugDigits
	if len(slug) > room {
		slug = strings.TrimRight(slug[:room], "-")
	}
	return slug + "-" + hash
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
