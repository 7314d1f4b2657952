package contents

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/secrets"
)

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

// guessCost is how many rounds the digest of a Secret's value takes, so that trying
// out many values for one that is short takes long.
const guessCost = 5000

// longText is how many bytes a long text has.
const longText = 4 << 10

// holdsSecret returns whether a value of which no field is told apart has one that is secret: a digest that is
// quick to make would tell whoever tries out many. A long text is not looked through for that: its digest takes no
// longer than that of a short one.
func holdsSecret(v any) bool {
	text, ok := v.(string)
	return ok && (len(text) > longText || secrets.InField(text) != text) || !ok && len(secrets.InValues(v)) > 0
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
