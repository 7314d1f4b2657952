package contents

import (
	"slices"
	"strings"
)

// step leads from a value to one below it: to a field by its name, or to an item of
// a list.
type step struct {
	name string // of the field, or what the item is called
	list bool   // it leads to an item
	item any    // the live item, by which managedFields name it
	at   int    // the live item's place
	// secret is whether the item follows a flag for a secret, or the field is the value of what is called one.
	secret bool
}

// path leads from an object to a value in it.
type path []step

// String is spec.template.spec.containers[web].image.
func (p path) String() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.list || strings.ContainsAny(s.name, "./"):
			b.WriteString("[" + clean(s.name) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(clean(s.name))
		}
	}
	return b.String()
}

// common returns the steps with which both paths begin.
func (p path) common(other path) path {
	n := 0
	for n < len(p) && n < len(other) && p[n].list == other[n].list && p[n].name == other[n].name {
		n++
	}
	return p[:n]
}

// is returns whether the path leads to this field of an object.
func (p path) is(fields ...string) bool {
	return slices.EqualFunc(p, fields, func(s step, f string) bool { return !s.list && s.name == f })
}

// fields returns the names of the fields on the path.
func (p path) fields() (names []string) {
	for _, s := range p {
		if !s.list {
			names = append(names, s.name)
		}
	}
	return names
}

// field returns the name of the last field on the path.
func (p path) field() string {
	for _, s := range slices.Backward(p) {
		if !s.list {
			return s.name
		}
	}
	return ""
}
