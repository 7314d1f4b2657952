package chart

import (
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/berth-dev/berth/internal/secrets"
)

// torn are the keys at the top of the values that may be the rest of a secret, each with the key
// of that: in password=a,b=c Helm takes b for a key, and it may be what stands behind a comma that
// belongs to the password.
type torn map[string]string

// Torn returns the keys of set and set-string behind a value that is called a secret, in one item.
func (v Values) Torn() map[string]string {
	found := torn{}
	for _, item := range slices.Concat(v.Set, v.SetString) {
		secret := ""
		for _, part := range atCommas(item) {
			key, _, _ := strings.Cut(part, "=")
			key = strings.TrimSpace(key)
			top, _, _ := strings.Cut(key, ".")
			top, _, _ = strings.Cut(top, "[")
			switch {
			case secrets.IsName(key[strings.LastIndexByte(key, '.')+1:]):
				secret = key
			case secret != "":
				found[top] = secret
			}
		}
	}
	return found
}

// atCommas splits an item of set where Helm does: not at a comma that is escaped, or in a list.
func atCommas(item string) (parts []string) {
	begin, inList := 0, false
	for i := 0; i < len(item); i++ {
		switch c := item[i]; {
		case c == '\\':
			i++
		case c == '{' && i > 0 && item[i-1] == '=':
			inList = true
		case c == '}':
			inList = false
		case c == ',' && !inList:
			parts, begin = append(parts, item[begin:i]), i+1
		}
	}
	return append(parts, item[begin:])
}

// unknown leaves out the keys that a chart has: it is they that were meant.
func (t torn) unknown(c *helmchart.Chart) torn {
	left := torn{}
	for key, secret := range t {
		if _, known := c.Values[key]; !known && key != "" {
			left[key] = secret
		}
	}
	return left
}

// hide returns what a schema says of keys, which it quotes, without those that may be a part of a
// secret.
func (t torn) hide(message string) string {
	for key := range t {
		message = strings.ReplaceAll(message, "'"+key+"'", "'"+secrets.Hidden+"'")
	}
	return message
}
