package secrets

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/text"
)

// notShown stands for what looked like a secret (looks.go).
const notShown = "(hidden)"

// A fragment is what is left of a secret where others have cut or hidden a part of it
// before the mask sees the text: "password=s3cr,et" becomes "password=(hidden),et", and
// of two long texts the part is shown where they differ, behind an ellipsis.
type fragments struct {
	forms   []string        // all of them
	spelled func() []string // as they are, and as others quote them
	ends    func() []string
}

// longestFragment bounds what is looked for behind a mark. Messages are shorter.
const longestFragment = 8 << 10

// mostLooked bounds how much is looked for behind all the marks of one text, in bytes. Who
// writes a text may fill it with marks, of which each is looked behind thousands of times.
const mostLooked = 4 << 20

func newFragments(values, forms []string) fragments {
	spelled := sync.OnceValue(func() []string {
		var all []string
		for _, value := range values {
			if len(value) > maxEncoded {
				all = append(all, value)
				continue
			}
			spellings(value, func(form string) { all = append(all, form) })
		}
		slices.Sort(all)
		return slices.Compact(all)
	})
	return fragments{forms, spelled, sync.OnceValue(func() []string {
		ends := slices.Clone(forms)
		slices.SortFunc(ends, compareEnds)
		return ends
	})}
}

// mostSearched bounds how much is searched for the middles in one text, in bytes of the forms.
const mostSearched = 64 << 20

// hideMiddles returns a text without what stands behind an ellipsis and was cut again or hidden behind that, and is the
// middle of a secret: a window on a long text, of which only the part is shown where it differs. What stands behind more
// than is searched for is not shown.
func (f fragments) hideMiddles(s string, public names) string {
	var b strings.Builder
	end, searched := 0, 0
	for at := 0; ; {
		i := strings.Index(s[at:], text.Ellipsis)
		if i < 0 {
			break
		}
		at += i + len(text.Ellipsis)
		if searched += min(len(s)-at, longestFragment); searched > mostSearched {
			return b.String() + s[end:at] + Hidden
		}
		n, _ := endOfMiddle(s, at)
		middle := s[at : at+n]
		if n < minFound || isLabel(middle) || public[middle] {
			continue
		}
		found, took := f.hold(middle)
		searched += took
		if found {
			b.WriteString(s[end:at])
			b.WriteString(Hidden)
			at += n
			end = at
		}
	}
	if end == 0 {
		return s
	}
	return b.String() + s[end:]
}

// hold returns whether one of the forms holds a text, and how many bytes were searched for it.
func (f fragments) hold(s string) (found bool, searched int) {
	for _, form := range f.forms {
		if len(form) < len(s) {
			continue
		}
		searched += len(form)
		if strings.Contains(form, s) {
			return true, searched
		}
	}
	return false, searched
}

// hide returns a text without the fragments that stand behind a mark. What stands behind
// more marks than are looked behind is not shown.
func (f fragments) hide(s string, public names) string {
	var b strings.Builder
	end, looked := 0, 0
	for at := 0; ; {
		i, mark := nextMark(s[at:])
		if mark == "" {
			break
		}
		at += i + len(mark)
		if looked += min(len(s)-at, longestFragment); looked > mostLooked {
			return b.String() + s[end:at] + Hidden
		}
		if n := f.at(s, at, mark, public); n > 0 {
			b.WriteString(s[end:at])
			b.WriteString(Hidden)
			at += n
			end = at
		}
	}
	if end == 0 {
		return s
	}
	return b.String() + s[end:]
}

// nextMark returns where the next mark is, and which.
func nextMark(s string) (at int, mark string) {
	for _, m := range []string{notShown, text.Ellipsis} {
		if i := strings.Index(s, m); i >= 0 && (mark == "" || i < at) {
			at, mark = i, m
		}
	}
	return at, mark
}

// at returns how many bytes of the text behind a mark are the end of a secret, or its
// middle where another part of it is hidden behind that, or cut off.
func (f fragments) at(s string, at int, mark string, public names) int {
	rest, ends := s[at:], f.ends()
	for n := min(len(rest), longestFragment); n >= minGiven; n-- {
		i, _ := slices.BinarySearchFunc(ends, rest[:n], compareEnds)
		if i < len(ends) && strings.HasSuffix(ends[i], rest[:n]) && !public[rest[:n]] {
			return n
		}
	}
	n, shortest := endOfMiddle(s, at)
	if middle := rest[:n]; mark == notShown && n >= shortest && !isLabel(middle) && !public[middle] &&
		slices.ContainsFunc(f.spelled(), func(value string) bool { return strings.Contains(value, middle) }) {
		return n
	}
	return 0
}

// endOfMiddle returns how many bytes there are from at on before the next mark, or the
// place where the text was cut, and from how many on they tell something. What was cut is
// no sentence that goes on.
func endOfMiddle(s string, at int) (n, shortest int) {
	shortest = minFound
	rest := s[at:min(len(s), at+longestFragment)]
	n, mark := nextMark(rest)
	if dots := strings.Index(rest, "..."); dots >= 0 && (mark == "" || dots < n) {
		n, mark = dots, text.Ellipsis
	}
	switch {
	case mark == text.Ellipsis:
		shortest = minGiven
	case mark == "" && len(s) >= longText:
		n, shortest = len(rest), minGiven
	}
	return n, shortest
}

// compareEnds compares texts by their last bytes, then by those before.
func compareEnds(a, b string) int {
	for i, j := len(a)-1, len(b)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if a[i] != b[j] {
			return int(a[i]) - int(b[j])
		}
	}
	return len(a) - len(b)
}

// label matches what stands before a hidden value and says what that is.
var label = regexp.MustCompile(`^[\s"'{,;&]*[\w.-]+["']?\s*[:=]\s*["']?$`)

// longestLabel is how long what stands before the word for a secret in a label may be: a
// longer one may be the beginning of a secret that such a word is in itself.
const longestLabel = 24

// labelled matches the word for a secret at a label's end.
var labelled = regexp.MustCompile(`(?i)` + words + `["']?\s*[:=]\s*["']?$`)

func isLabel(s string) bool {
	if !label.MatchString(s) {
		return false
	}
	before := labelled.ReplaceAllString(s, "")
	return before == s || len(before) < longestLabel && !mixed.MatchString(before)
}

// mixed matches what does not read as a part of a name, as DB_ and spring.datasource. do,
// but as the characters of a secret: those mix digits, or change their case again and again.
var mixed = regexp.MustCompile(`[A-Za-z]\d|\d[A-Za-z]|[A-Z][a-z]*[A-Z][a-z]*[A-Z][a-z]`)
