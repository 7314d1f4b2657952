package secrets

import (
	"encoding/base64"
	"regexp"
	"strings"
)

var (
	// header matches what a header is called whose value lets somebody in, and the variable of a program that
	// sends it: Authorization, Proxy-Authorization, HTTP_AUTHORIZATION. No kind and no group of RBAC ends so.
	header = regexp.MustCompile(`(?i)authorization$`)
	// setting matches what a field of that name has where it says how others are let in: enabled, Node,RBAC.
	setting = regexp.MustCompile(`^[A-Za-z]+(?:[,._-][A-Za-z]+)*$`)
)

// schemes are those of HTTP authentication, and of what is like it.
const schemes = `(?:basic|bearer|token|api-?key|apitoken|digest|negotiate|ntlm|aws4-hmac-sha256|key|splunk)`

var schemed = regexp.MustCompile(`(?i)^\s*` + schemes + `\s+(\S.*?)\s*$`)

// IsHeader returns whether what is called so is the header that lets somebody in. A field of that name may as
// well say how others are let in, so that its value decides: see InHeader.
func IsHeader(name string) bool { return header.MatchString(name) }

// InHeader returns what is secret in the value of such a header: all of it, what stands behind its scheme, and
// the password of a user.
func InHeader(value string) []string {
	if value = strings.TrimSpace(value); value == "" || setting.MatchString(value) {
		return nil
	}
	found := []string{value}
	if at := schemed.FindStringSubmatch(value); at != nil {
		if strings.HasPrefix(at[1], "$") { // a variable, which has it
			return nil
		}
		found = append(found, at[1])
		if plain, err := base64.StdEncoding.DecodeString(at[1]); err == nil {
			if _, password, ok := strings.Cut(string(plain), ":"); ok {
				found = append(found, password)
			}
		}
	}
	return found
}

// In returns what is secret by the name of the field that holds it, there or below.
func In(field string, value any) (found []string) {
	switch {
	case IsName(field):
		return Below(value)
	case IsHeader(field):
		for _, text := range Texts(value) {
			found = append(found, InHeader(text)...)
		}
	}
	return found
}

// Hides returns whether the value of a field is not to be shown, by the field's name.
func Hides(field string, value any) bool { return LooksSo(field) || len(In(field, value)) > 0 }

// NamesOne returns whether an item says of its value that it is a secret: {name: DB_PASSWORD, value: x}, as
// variables, parameters and headers have it, and {key: password, value: x}.
func NamesOne(item map[string]any) bool {
	name := nameOf(item)
	return LooksSo(name) || IsHeader(name)
}

// InItem returns what is secret in the value of an item by what the item is called.
func InItem(item map[string]any) []string {
	if value, ok := item["value"]; ok {
		if name := nameOf(item); name != "" {
			return In(name, value)
		}
	}
	return nil
}

func nameOf(item map[string]any) string {
	for _, field := range []string{"name", "key"} {
		if name, ok := item[field].(string); ok && name != "" {
			return name
		}
	}
	return ""
}

// Texts returns a text, or those of a list.
func Texts(value any) (found []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, inner := range v {
			if s, ok := inner.(string); ok {
				found = append(found, s)
			}
		}
	}
	return found
}
