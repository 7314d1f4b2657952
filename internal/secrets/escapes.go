package secrets

import (
	"encoding/json"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescapers read a text as who wrote it may have quoted it. JSON and HTML need few characters to
// be escaped, and many writers escape more, each others: PHP the slash, .NET the plus, Gson the
// equals sign. No list of forms has all of them, so the text is read instead. They return it as it
// is where nothing in it is escaped.
var unescapers = []func(string) string{
	fromJSON, html.UnescapeString, fromURL,
	func(s string) string { return fromJSON(fromJSON(s)) }, // JSON within JSON
	func(s string) string { return fromURL(fromURL(html.UnescapeString(fromJSON(fromJSON(s))))) },
}

// escaped returns a text in which a secret stands as somebody has escaped it, without that and
// without the escapes, or as it is.
func (t *table) escaped(s string) string {
	if !strings.ContainsAny(s, `\&%`) {
		return s
	}
	for _, unescape := range unescapers {
		if plain := unescape(s); plain != s {
			if masked := t.replace(plain); masked != plain {
				s = masked
			}
		}
	}
	return s
}

// inJSONText matches what JSON and its like have in place of one character. A shell and a regular
// expression have a backslash before any that is no letter.
var inJSONText = compiled(`\\(?:u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x[0-9a-fA-F]{2}|[ [:punct:]])`)

func fromJSON(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return inJSONText().ReplaceAllStringFunc(s, func(escape string) string {
		switch escape[1] {
		case 'u':
			plain := ""
			if json.Unmarshal([]byte(`"`+escape+`"`), &plain) != nil {
				return escape
			}
			return plain
		case 'x':
			return byteOf(escape[2:])
		}
		return escape[1:]
	})
}

func byteOf(digits string) string {
	code, _ := strconv.ParseUint(digits, 16, 8)
	return string([]byte{byte(code)})
}

// inURL matches what an address has in place of one byte.
var inURL = compiled(`%[0-9a-fA-F]{2}`)

func fromURL(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	plain := inURL().ReplaceAllStringFunc(s, func(escape string) string { return byteOf(escape[1:]) })
	if !utf8.ValidString(plain) {
		return s
	}
	return plain
}
