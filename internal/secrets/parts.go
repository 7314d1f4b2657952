package secrets

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// words are what secrets are called.
const (
	words = `(?:passw(?:or)?d|passphrase|pwd|token|secret|credential|` +
		`(?:api|access|private|secret|encryption|signing)[-_]?key(?:[-_]?base)?)s?`
	// ending is what may stand behind such a word.
	ending = `(?:[-_]?(?:value|data|string|text|pem|b64|base64|\d+))?`
)

var (
	secretName = regexp.MustCompile(`(?i)` + words + ending + `$`)
	// shortName matches what is short for a password, and a part of many a word: bypass.
	shortName = regexp.MustCompile(`(?:^|[^A-Za-z])(?i:pass|pw)\d*$|[a-z0-9](?:Pass|PW|Pw)\d*$`)
	// reference matches what names a Secret object and is none: existingSecret,
	// imagePullSecrets, tls-secret.
	reference = regexp.MustCompile(`(?i)(?:existing|pull|image|tls|cert(?:ificate)?|ca|ingress|registry|from|ref)s?[-_]?` +
		`(?:secret|credential)s?\d*$`)
)

// IsName returns whether what is called so is secret: password, DB_TOKEN, apiKey.
func IsName(name string) bool {
	return (secretName.MatchString(name) || shortName.MatchString(name)) && !reference.MatchString(name)
}

// InArguments returns the arguments of a program that are the value of a flag which is
// called a secret: --password=x, --token x. One that is a whole command, as for a shell, is
// looked through as well.
func InArguments(args []string) (found []string) {
	for i, argument := range args {
		flag, value, given := strings.Cut(argument, "=")
		if strings.ContainsAny(argument, " \t\n") {
			found = append(found, inCommand(argument)...)
		}
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
func InValues(values any) []string { return looking{}.inValues(values, false, nil) }

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

func (l looking) inValues(value any, secret bool, found []string) []string {
	switch v := value.(type) {
	case map[string]any:
		name := nameOf(v) // of a variable: {name: DB_PASSWORD, value: x}
		for key, inner := range v {
			for _, text := range Texts(inner) {
				if IsHeader(key) || key == "value" && IsHeader(name) {
					found = append(found, InHeader(text)...)
				}
			}
			found = l.inValues(inner, IsName(key) || key == "value" && IsName(name) || secret && !isReference(key, inner), found)
		}
	case []any:
		for _, inner := range v {
			found = l.inValues(inner, secret, found)
		}
	default:
		text, isText := v.(string)
		switch {
		case secret:
			found = append(found, printed(v)...)
		case isText:
			found = append(found, l.inText(text)...)
		}
	}
	return found
}

// keyName matches what keys of Secrets are called, and hardly a key that lets somebody in.
var keyName = regexp.MustCompile(`^[A-Za-z]+(?:[._-](?:[A-Za-z]+|\d+))*$`)

// isReference returns whether what is below what is called a secret holds a name, as in
// secret: {name: x, key: y, enabled: true}. In credentials: {key: y}, y may be the secret.
func isReference(key string, value any) bool {
	if text, isText := value.(string); isText && strings.EqualFold(key, "key") {
		return keyName.MatchString(text)
	}
	return isReferenceKey(key)
}

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
