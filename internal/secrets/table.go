package secrets

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// table finds forms in text in one pass, however many there are: at each place, a hash
// of the next four bytes tells nearly always that no form begins there. Otherwise the
// forms are compared that begin with the next eight bytes, and the few that were given
// and begin with the next four.
type table struct {
	forms  []string
	next   []int32          // of each form: one more with the same beginning, counted from 1; 0: none
	found  map[uint64]int32 // by their first eight bytes: the first of them, counted from 1
	given  map[uint32]int32 // by their first four
	begins [1 << (beginBits - 6)]uint64
	names  names
	fragments
}

// The bounds of what a chart can make the mask do: it may have as many Secrets as its
// templates make, and texts that look like all of them at each place.
const (
	mostForms    = 16 << 20 // bytes of all forms; of what is left, the lines are looked for as they are
	mostCompared = 10_000_000
)

// beginBits is the logarithm of how many hashes of four bytes are told apart.
const beginBits = 18

// newTable returns a table of the forms of these values. What was found and is a name
// is left out.
func newTable(given, found []string, public names) *table {
	t := &table{found: map[uint64]int32{}, given: map[uint32]int32{}, names: public}
	known := map[string]bool{}
	// Those that are long go last: there is no room for all forms of many.
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b string) int { return len(a) - len(b) })
	room := mostForms
	spelled := slices.Clone(given)
	give := func(form string) {
		if len(form) >= minGiven && !known[form] {
			known[form] = true
			key := binary.LittleEndian.Uint32([]byte(form))
			t.link(form, t.given[key], func(i int32) { t.given[key] = i })
		}
	}
	for _, value := range given {
		forms(value, minGiven, give)
	}
	for _, value := range found {
		if public[value] {
			continue
		}
		for _, short := range unended(value) {
			if len(short) < minFound && !public[short] {
				give(withoutCode(short))
			}
		}
		formsOf := plainForms
		if room > 0 {
			formsOf, spelled = forms, append(spelled, value)
		}
		formsOf(value, minFound, func(form string) {
			room -= len(form)
			if len(form) >= minFound && !known[form] && !public[form] {
				known[form] = true
				key := binary.LittleEndian.Uint64([]byte(form))
				t.link(form, t.found[key], func(i int32) { t.found[key] = i })
			}
		})
	}
	t.fragments = newFragments(spelled, t.forms)
	return t
}

// link adds a form before those that begin with the same bytes.
func (t *table) link(form string, after int32, first func(int32)) {
	t.forms = append(t.forms, form)
	t.next = append(t.next, after)
	first(int32(len(t.forms)))
	h := beginning(form)
	t.begins[h>>6] |= 1 << (h & 63)
}

// beginning hashes the first four bytes.
func beginning(s string) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24) * 2654435761 >> (32 - beginBits)
}

// replace returns a text with each form in it replaced, and what is left of one.
func (t *table) replace(s string) string {
	replaced := t.replaceForms(s)
	// What is a form and a part of the middle of another one would go, and leave what is around it. Not so where a form
	// has ellipses in it: what is between them is no middle that was cut.
	middles := t.hideMiddles(s, t.names)
	if middles != s && strings.Count(replaced, text.Ellipsis) == strings.Count(s, text.Ellipsis) {
		replaced = t.replaceForms(middles)
	}
	return t.hide(replaced, t.names)
}

// replaceForms returns a text with each form in it replaced, the longest first where one
// begins with another. Where that takes too long, the rest of the text is not shown.
func (t *table) replaceForms(s string) string {
	var b strings.Builder
	end, compared := 0, 0
	for i := 0; i+minGiven <= len(s); {
		h := beginning(s[i:])
		if t.begins[h>>6]&(1<<(h&63)) == 0 {
			i++
			continue
		}
		n, tried := t.at(s, i)
		if compared += tried; compared > mostCompared {
			return b.String() + s[end:i] + Hidden
		}
		if n == 0 {
			i++
			continue
		}
		b.WriteString(s[end:i])
		b.WriteString(Hidden)
		i += n
		end = i
	}
	if end == 0 {
		return s
	}
	return b.String() + s[end:]
}

// at returns how many bytes of the text from i on are a form, or the beginning of one
// where the text is cut, and with how many forms it was compared.
func (t *table) at(s string, i int) (longest, compared int) {
	rest := s[i:]
	candidates := func(first int32, shortest int) {
		for at := first; at != 0; at = t.next[at-1] {
			form := t.forms[at-1]
			n := common(form, rest)
			compared += 1 + n/64
			if n > longest && (n == len(form) || n >= shortest && isCut(s, i, i+n) && !t.names[form[:n]]) {
				longest = n
			}
		}
	}
	candidates(t.given[uint32(rest[0])|uint32(rest[1])<<8|uint32(rest[2])<<16|uint32(rest[3])<<24], minGiven)
	if len(rest) >= minFound {
		candidates(t.found[binary.LittleEndian.Uint64([]byte(rest[:minFound]))], minFound)
	}
	return longest, compared
}

// common returns how many bytes two texts have in common at their beginning.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// longText is how many bytes a text has that somebody may have cut without a mark.
const longText = 250

// isCut returns whether a text was cut behind the part from i to at: by Berth, by others,
// or at its end where it is long. What names a value that is hidden is no part of it.
func isCut(s string, i, at int) bool {
	for _, mark := range []string{text.Ellipsis, "...", "|...", `"...`} {
		if strings.HasPrefix(s[at:], mark) {
			return true
		}
	}
	return at == len(s) && len(s) >= longText || strings.HasPrefix(s[at:], notShown) && !isLabel(s[i:at])
}
