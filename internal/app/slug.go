package app

import (
	"path"
	"strings"
)

const (
	maxSlug    = 40
	slugDigits = 6 // of the identity, at the end of a slug that was changed
)

// Slug makes the branch's name fit to be part of other names. A branch whose
// name had to be changed gets the identity's first digits, so that a/b and a-b
// do not meet.
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

// Name is the default name of an application: that of its repository.
func Name(repository string) string {
	if name := simplify(path.Base(repository)); name != "" {
		return name
	}
	return "b-" + fingerprint("", repository)[:slugDigits]
}

// simplify lowers the case, makes every run of other characters than a-z0-9
// one dash, trims dashes, and lets the name start with a letter.
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
