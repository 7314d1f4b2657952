package verdict

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// Differing returns the differences of an object that count, and for each that does
// not a note that says why.
//
// ignored are the patterns of the input ignore-drift. baseline is what the deploy
// that stored the record left differing, and exactly that is accepted. A record that
// has none, since Helm wrote it or it was promoted, is judged more leniently: what
// nobody but the release itself has written was made of its write by admission, and
// an injector may fill in what it is there for.
func Differing(o facts.Object, baseline facts.Baseline, ignored []string) (differing []facts.Difference, notes []string) {
	for _, d := range o.Differences {
		if why := accepted(o, d, baseline, ignored); why != "" {
			notes = append(notes, d.Path+" "+why)
			continue
		}
		differing = append(differing, d)
	}
	return differing, notes
}

// Judged returns the objects with the differences that count, and with a note for
// each that does not.
func Judged(f *facts.Facts, p Policy) []facts.Object {
	judged := slices.Clone(f.Objects)
	last := f.Last()
	if last == nil {
		return judged
	}
	for i := range judged {
		o := &judged[i]
		differing, notes := Differing(*o, last.Baseline, p.IgnoreDrift)
		o.Differences, o.Notes = differing, slices.Concat(o.Notes, notes)
	}
	return judged
}

// accepted returns why a difference does not count, or "" where it does.
func accepted(o facts.Object, d facts.Difference, baseline facts.Baseline, ignored []string) string {
	switch {
	case ignores(ignored, o.Ref, d.Path):
		return "differs, and ignore-drift names it"
	case baseline.Accepts(o.Ref, d):
		return "is as the deploy left it, which the record does not say"
	case baseline != nil:
		return ""
	case d.Own:
		return "differs, and was written by the release alone: admission changed it"
	case d.Injected:
		return "was filled in by " + d.Author
	}
	return ""
}

// ignores returns whether one of the patterns, each an object and a path with a
// colon between them, names what is at a path of an object. The object is a pattern
// of facts.Ref.Matches; in the path a * stands for any text, and it also names what is below.
func ignores(patterns []string, object facts.Ref, at string) bool {
	for _, p := range patterns {
		name, field, _ := strings.Cut(p, ":")
		if object.Matches(name) && (matches(field, at) || matches(field+".*", at) || matches(field+"[*", at)) {
			return true
		}
	}
	return false
}

// matches returns whether a text is what a pattern says, in which each * stands for
// any text, also for none.
func matches(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}
