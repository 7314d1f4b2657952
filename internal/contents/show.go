package contents

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
		return showOrNot(f.want), showOrNot(f.live)
	}
	if len(a) > shown || len(b) > shown {
		a, b = w.masked(a, b)
	}
	if a, b = secrets.InField(a), secrets.InField(b); a == b { // before they are cut, by which a secret would lose its name
		return facts.NotShown, facts.NotShown
	}
	if from := firstDifference(a, b); from > 0 && (len(a) > shown || len(b) > shown) {
		return text.Ellipsis + show(a[from:]), text.Ellipsis + show(b[from:])
	}
	return show(a), show(b)
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

// isFlag returns whether the argument after this one is a secret: --password.
func isFlag(argument any) bool {
	flag, ok := argument.(string)
	return ok && strings.HasPrefix(flag, "-") && secrets.LooksSo(flag)
}

// isSecretValue returns whether a field is the value of an item that is called a secret: a list that is compared
// by the places of its items says nothing of their names.
func isSecretValue(key string, items ...map[string]any) bool {
	return key == "value" && slices.ContainsFunc(items, secrets.NamesOne)
}

// isNote returns whether an annotation is what kubectl and its like note there of what they have applied: the object as
// a whole.
func isNote(value any) bool {
	text, _ := value.(string)
	return strings.HasPrefix(text, "{") && (strings.Contains(text, `"stringData"`) || strings.Contains(text, `"data"`))
}

// isHidden returns whether the values of a finding are secret: those of a Secret, and
// what is called a password or the like, or is below what is called so.
func (w *walk) isHidden(f finding) bool {
	if w.isCore("Secret") && len(f.path) > 0 && (f.path[0].name == "data" || f.path[0].name == "stringData") {
		return true
	}
	if isSecret(w.live) && (isNote(f.want) || isNote(f.live)) {
		return true
	}
	named := f.path.field()
	for i, s := range f.path {
		switch {
		case s.secret:
			return true
		case !s.list && s.name == named && (len(secrets.In(named, f.want)) > 0 || len(secrets.In(named, f.live)) > 0):
			return true
		case !secrets.LooksSo(s.name):
		// What an item that is called so has beside a value is none: the image of a container.
		case s.list && (i == len(f.path)-1 || named == "value") && (isText(f.want) || isText(f.live)):
			return true
		case !s.list && s.name == named && (mayBeSecret(f.want) || mayBeSecret(f.live)):
			return true
		}
	}
	fields := f.path.fields()
	return secrets.IsBelow(fields, f.want) || secrets.IsBelow(fields, f.live)
}

// mayBeSecret returns whether a value, or one of a list's, is a text or a number, or
// has what counts below what is called a secret.
func mayBeSecret(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, mayBeSecret)
	case map[string]any:
		return len(secrets.Below(v)) > 0
	}
	_, isNumber := number(v)
	return isNumber || isText(v)
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
		if v == "" {
			return `""`
		}
		return text.Cut(clean(secrets.InField(v)), shown)
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

// guessCost is how many rounds the digest of a Secret's value takes, so that trying
// out many values for one that is short takes long.
const guessCost = 5000

// holdsSecret returns whether a value of which no field is told apart has one that is secret: a digest that is
// quick to make would tell whoever tries out many.
func holdsSecret(v any) bool {
	text, ok := v.(string)
	return ok && secrets.InField(text) != text || !ok && len(secrets.InValues(v)) > 0
}

// digest stands for the live value. That of a Secret differs from object to object
// and from key to key, so that equal values cannot be told.
func (w *walk) digest(f finding) string {
	if f.live == nil {
		return facts.Gone
	}
	value, err := json.Marshal(f.live)
	if err != nil {
		value = fmt.Append(nil, f.live)
	}
	if !w.isHidden(f) && !holdsSecret(f.live) {
		sum := sha256.Sum256(value)
		return hex.EncodeToString(sum[:12])
	}
	key, err := pbkdf2.Key(sha256.New, string(value), []byte(string(w.live.GetUID())+"/"+f.path.String()), guessCost, 12)
	if err != nil { // only where the machine demands more than this of a digest
		return ""
	}
	return hex.EncodeToString(key)
}
