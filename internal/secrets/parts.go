package secrets

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// words are what secrets are called.
const words = `(?:passw(?:or)?d|passphrase|pwd|token|secret|credential|` +
	`(?:api|access|private|secret|encryption|signing)[-_]?key(?:[-_]?base)?)s?`

var (
	secretName = regexp.MustCompile(`(?i)` + words + `(?:[-_]?(?:value|data|string|text|pem|b64|base64|\d+))?$`)
	// shortName matches what is short for a password, and a part of many a word: bypass.
	shortName = regexp.MustCompile(`(?:^|[^A-Za-z])(?i:pass|pw)\d*$|[a-z0-9](?:Pass|PW|Pw)\d*$`)
	// reference matches what names a Secret object and is none: existingSecret,
	// imagePullSecrets, tls-secret.
	reference = regexp.MustCompile(`(?i)(?:existing|pull|image|tls|cert(?:ificate)?|ca|ingress|registry|from|ref)s?[-_]?` +
		`(?:secret|credential)s?\d*$`)
	// assignment matches password=x and password: x, with and without quotes.
	assignment = regexp.MustCompile(`(?im)^\s*(?:-\s+)*(?:export\s+)?["']?([\w.-]*` + words + `)["']?\s*[=:]\s*(\S.*?)\s*,?\s*$`)
)

// Those that only some values need are compiled then.
var (
	// userInfo matches the user and password of an address, whatever stands before it.
	userInfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^\s/?#"'@:]*:([^\s/?#"']+)@`) })
	// parameter matches password=x within a line: in a query, or in a list of such.
	parameter = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)[?&;]\s*[\w.-]*` + words + `\s*=\s*([^\s;&"']+)`)
	})
)

// IsName returns whether what is called so is secret: password, DB_TOKEN, apiKey.
func IsName(name string) bool {
	return (secretName.MatchString(name) || shortName.MatchString(name)) && !reference.MatchString(name)
}

// InText returns what of a text is secret by itself: the password of an address, and what
// is called a secret in a file of variables, of YAML or of JSON.
func InText(text string) []string { return parts(text, minFound) }

// InArguments returns the arguments of a program that are the value of a flag which is
// called a secret: --password=x, --token x.
func InArguments(args []string) (found []string) {
	for i, argument := range args {
		flag, value, given := strings.Cut(argument, "=")
		switch {
		case !strings.HasPrefix(flag, "-") || !IsName(strings.TrimLeft(flag, "-")):
		case given:
			found = append(found, value)
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			found = append(found, args[i+1])
		}
	}
	return found
}

// InValues returns the texts and numbers among a chart's values that are called a
// secret, or are below what is called so, and what is secret in the other texts.
func InValues(values any) []string { return inValues(values, false, nil) }

// Leaves returns every text and number within a value, as templates print them.
func Leaves(value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			found = append(found, Leaves(inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, Leaves(inner)...)
		}
	default:
		found = printed(v)
	}
	return found
}

func inValues(value any, secret bool, found []string) []string {
	switch v := value.(type) {
	case map[string]any:
		name, _ := v["name"].(string) // of a variable: {name: DB_PASSWORD, value: x}
		for key, inner := range v {
			found = inValues(inner, IsName(key) || key == "value" && IsName(name) || secret && !isReferenceKey(key), found)
		}
	case []any:
		for _, inner := range v {
			found = inValues(inner, secret, found)
		}
	default:
		text, isText := v.(string)
		switch {
		case secret:
			found = append(found, printed(v)...)
		case isText:
			found = append(found, InText(text)...)
		}
	}
	return found
}

// isReferenceKey returns whether a key below what is called a secret holds a name, as
// in secret: {name: x, key: y, enabled: true}.
func isReferenceKey(key string) bool {
	switch strings.ToLower(key) {
	case "name", "key", "secretname", "secretkey", "namespace", "kind", "type", "enabled", "create", "mountpath", "path", "annotations",
		"labels", "existingsecret":
		return true
	}
	return reference.MatchString(key)
}

// printed returns a value as templates print it. A number that YAML has read may be
// printed in more than one way.
func printed(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool, nil:
		return nil
	default:
		plain, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		return []string{string(plain), fmt.Sprint(v)}
	}
}

// parts returns what of a value is secret by itself: the password of an address, the
// values of a file of variables that are called a secret, and those of JSON, such as
// the credentials of a registry.
func parts(value string, shortest int) []string {
	var found []string
	add := func(part string) {
		if len(part) >= shortest && part != value {
			found = append(found, part)
		}
	}
	if strings.Contains(value, "@") && strings.Contains(value, "://") {
		for _, at := range userInfo().FindAllStringSubmatch(value, -1) {
			add(at[1])
			if sent, err := url.PathUnescape(at[1]); err == nil && sent != at[1] {
				add(sent) // as it is sent
			}
		}
	}
	if strings.Contains(value, "=") && strings.ContainsAny(value, "?&;") {
		for _, at := range parameter().FindAllStringSubmatch(value, -1) {
			add(at[1])
		}
	}
	for _, at := range assignment.FindAllStringSubmatch(value, -1) {
		add(strings.Trim(at[2], `"'`))
	}
	if begin := strings.TrimSpace(value); strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, "[") {
		var document any
		if json.Unmarshal([]byte(value), &document) == nil {
			for _, leaf := range inValues(document, false, leavesOf(document, "auth")) {
				add(leaf)
			}
		}
	}
	return found
}

// leavesOf returns the texts in a document that have this key.
func leavesOf(value any, key string) (found []string) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if s, ok := inner.(string); ok && name == key {
				found = append(found, s)
			}
			found = append(found, leavesOf(inner, key)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, leavesOf(inner, key)...)
		}
	}
	return found
}
