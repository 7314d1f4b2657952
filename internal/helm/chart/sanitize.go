package chart

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

const (
	// maxText is how many characters are quoted of an error of Helm's, which can
	// hold whole files.
	maxText = 600
	// minSecret is the length in bytes of the shortest text that is hidden. Shorter
	// ones are no secrets, and hiding them would leave half a sentence.
	minSecret = 6
)

// rewordedError is an error with another text, which may be shown.
type rewordedError struct {
	text string
	err  error
}

func (r rewordedError) Error() string { return r.text }
func (r rewordedError) Unwrap() error { return r.err }

// sanitizeError returns err with its text sanitized.
func sanitizeError(err error, hidden ...string) error {
	return rewordedError{sanitize(err.Error(), hidden...), err}
}

// sanitize returns text that others wrote as one printable line of at most maxText
// characters, without the secrets, and without the credentials and the query of
// URLs: a query may hold a signature.
func sanitize(s string, hidden ...string) string {
	for _, secret := range hidden {
		if len(secret) >= minSecret {
			s = strings.ReplaceAll(s, secret, secrets.Hidden)
		}
	}
	return text.CutRunes(text.OneLine(secrets.InAddresses(s)), maxText)
}

// maskValues replaces every text among the values in s, and what templates make of
// one: base64, quoted text. The longest goes first, since it may contain another.
func maskValues(s string, values map[string]any) string {
	found := collectStrings(values, nil)
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, value := range found {
		s = strings.ReplaceAll(s, value, secrets.Hidden)
	}
	mask := secrets.New()
	mask.Find(found...)
	return mask.Text(s)
}

// collectStrings appends to found the strings within value that are long enough
// to be secrets.
func collectStrings(value any, found []string) []string {
	switch v := value.(type) {
	case string:
		if len(v) >= minSecret {
			found = append(found, v)
		}
	case []any:
		for _, inner := range v {
			found = collectStrings(inner, found)
		}
	default:
		for _, inner := range asMap(v) {
			found = collectStrings(inner, found)
		}
	}
	return found
}

// asMap returns values as a map, or nil where they are none. Helm has two types.
func asMap(values any) map[string]any {
	switch v := values.(type) {
	case chartutil.Values:
		return v
	case map[string]any:
		return v
	}
	return nil
}

var (
	yamlLine   = regexp.MustCompile(`(?s)line (\d+): .*`)
	quotedText = regexp.MustCompile("(?s)`.*`|'.*'|\".*\"")
)

// yamlError returns what a YAML error says without the text that it quotes.
func yamlError(err error) string {
	if strings.Contains(err.Error(), "cannot unmarshal") {
		return "the file is not a map of values (key: value)"
	}
	message := yamlLine.FindString(err.Error())
	if message == "" {
		message = strings.TrimPrefix(err.Error(), "error converting YAML to JSON: yaml: ")
	}
	return sanitize(quotedText.ReplaceAllString(message, "…"))
}
