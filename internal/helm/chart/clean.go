package chart

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

const (
	// maxText bounds what is quoted of Helm's errors, which can hold whole files.
	maxText = 600
	// minSecret is the shortest text that is hidden: shorter ones are no secrets,
	// and without them half the sentence would be gone.
	minSecret = 6
)

var (
	userInfo = regexp.MustCompile(`://[^/@\s"']+@`)
	urlQuery = regexp.MustCompile(`(https?://[^\s?"']+)\?[^\s"']*`)
)

// reworded is an error with a text that may be shown, and its origin to branch on.
type reworded struct {
	text string
	err  error
}

func (r reworded) Error() string { return r.text }
func (r reworded) Unwrap() error { return r.err }

// clean gives err a text without the secrets.
func clean(err error, secrets ...string) error {
	return reworded{tidy(err.Error(), secrets...), err}
}

// tidy makes text from elsewhere fit for one line: no secrets, no credentials or
// query (where signatures stand) in an address, no control characters, bounded.
func tidy(s string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	s = userInfo.ReplaceAllString(s, "://***@")
	s = urlQuery.ReplaceAllString(s, "$1")
	return text.CutRunes(text.OneLine(s), maxText)
}

// mask hides the given values in text, the longest first since one may hold
// another.
func mask(text string, values map[string]any) string {
	found := texts(values, nil)
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, value := range found {
		text = strings.ReplaceAll(text, value, "***")
	}
	return text
}

func texts(value any, found []string) []string {
	switch v := value.(type) {
	case string:
		if len(v) >= minSecret {
			found = append(found, v)
		}
	case []any:
		for _, inner := range v {
			found = texts(inner, found)
		}
	default:
		for _, inner := range plain(v) {
			found = texts(inner, found)
		}
	}
	return found
}
