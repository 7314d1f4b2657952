package contents

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// shown bounds how much of a value is shown, in bytes.
const shown = 80

// difference returns a finding for people, with who wrote what is there.
func (w *walk) difference(f finding, o owners) facts.Difference {
	d := facts.Difference{Path: f.path.String(), Digest: w.digest(f)}
	d.Recorded, d.Live = w.texts(f)
	if f.live == nil {
		return d
	}
	writes := o.of(f.path)
	if len(writes) == 0 {
		d.Own, d.Written = w.isOfAdmission(f, o)
		return d
	}
	d.Author, d.Written = clean(writes[0].manager), writes[0].at
	d.Own = !slices.ContainsFunc(writes, func(w write) bool { return !isOwn(w.manager) })
	d.ByHand = slices.ContainsFunc(writes, func(w write) bool { return isPerson(w.manager) })
	d.Injected = w.exempt.bundles && !d.ByHand && !d.Own
	return d
}

// isOfAdmission returns whether a finding that nobody owns is an item which admission
// has added to a write of the release, and when the release last wrote: a manager is
// noted for what it sends, and admission comes after that.
func (w *walk) isOfAdmission(f finding, o owners) (own bool, written time.Time) {
	for _, write := range o {
		if isOwn(write.manager) && f.want == nil {
			own = true
			if write.at.After(written) {
				written = write.at
			}
		}
	}
	return own, written
}

// texts returns what the record says and what is there. Of two long texts the part
// is shown where they begin to differ.
func (w *walk) texts(f finding) (recorded, live string) {
	if w.isHidden(f) {
		hide := func(v any) string {
			if v == nil {
				return ""
			}
			return facts.NotShown
		}
		return hide(f.want), hide(f.live)
	}
	a, aok := f.want.(string)
	b, bok := f.live.(string)
	if !aok || !bok {
		return showOrNot(w.withoutKnown(f.want)), showOrNot(w.withoutKnown(f.live))
	}
	if len(a) > shown || len(b) > shown {
		a, b = w.masked(a, b)
	}
	a, b = secrets.InField(a), secrets.InField(b) // before they are cut, by which a secret would lose its name
	if len(a) > shown || len(b) > shown {         // what stands for a secret can be longer than that
		a, b = w.masked(a, b)
	}
	if a == b {
		return facts.NotShown, facts.NotShown
	}
	if from := firstDifference(a, b); from > 0 && (len(a) > shown || len(b) > shown) {
		return text.Ellipsis + onOneLine(a[from:]), text.Ellipsis + onOneLine(b[from:])
	}
	return onOneLine(a), onOneLine(b)
}

// withoutKnown returns a value without what is known to be secret in its texts.
func (w *walk) withoutKnown(v any) any {
	if w.mask == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		return w.mask(v)
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = w.withoutKnown(v[i])
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for key := range v {
			all[key] = w.withoutKnown(v[key])
		}
		return all
	}
	return v
}

// masked returns two texts without what is known to be secret in them. Where one has more of that than
// the other, what stands in its place may be another secret, which nobody knows: they come back as the same.
func (w *walk) masked(a, b string) (string, string) {
	if w.mask == nil {
		return a, b
	}
	hiddenA, hiddenB := w.mask(a), w.mask(b)
	same := strings.Count(hiddenA, secrets.Hidden) == strings.Count(hiddenB, secrets.Hidden)
	if !same && (hiddenA != a || hiddenB != b) {
		return "", ""
	}
	return hiddenA, hiddenB
}

// firstDifference returns the place of the line, or of a few characters before, at
// which two texts differ.
func firstDifference(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	line := strings.LastIndexByte(a[:n], '\n') + 1
	if n-line < shown/2 {
		return line
	}
	for n -= shown / 4; n > line && a[n]&0xC0 == 0x80; n-- {
		continue // not within a character
	}
	return n
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func showOrNot(v any) string {
	if v == nil {
		return ""
	}
	return show(v)
}

// show returns a value on one line, cut. Of what is in it only the plain values of
// its first level are shown, and of a variable that is called a secret no value.
// Where it has none of these, such as a rule, its lists are, and the rest by name.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return onOneLine(secrets.InField(v))
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if isPlain(v[key]) && !secrets.Hides(key, v[key]) && !isSecretValue(key, v) && !isNote(v[key]) {
				parts = append(parts, key+": "+show(v[key]))
			}
		}
		if len(parts) == 0 {
			parts = inner(v)
		}
		return text.Cut("{"+strings.Join(parts, ", ")+"}", shown)
	case []any:
		if !arePlain(v) {
			return text.Plural(len(v), "item")
		}
		parts := make([]string, len(v))
		for i := range v {
			if parts[i] = strconv.Quote(secrets.InField(plainText(v[i]))); i > 0 && isFlag(v[i-1]) {
				parts[i] = "(hidden)"
			}
		}
		return show("[" + strings.Join(parts, " ") + "]")
	}
	return plainText(v)
}

// onOneLine returns a text without what looks like a secret on one line, cut.
func onOneLine(s string) string {
	if s == "" {
		return `""`
	}
	return text.Cut(clean(s), shown)
}

// inner returns the parts of a map that has no plain value to be shown.
func inner(m map[string]any) []string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := text.Ellipsis
		switch v := m[key].(type) {
		case nil:
			value = "null"
		case []any:
			if len(v) == 0 || !secrets.Hides(key, v) {
				value = show(v)
			}
		case map[string]any:
			if len(v) == 0 {
				value = "{}"
			}
		}
		parts = append(parts, key+": "+value)
	}
	return parts
}

func clean(s string) string { return text.OneLine(s) }
