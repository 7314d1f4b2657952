package chart

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"helm.sh/helm/v3/pkg/strvals"
)

// syntax writes what a template printed as the input's own syntax: what is marked as
// text stays one text in it.
type syntax func(printed string) string

// plainSyntax is that of paths.
func plainSyntax(printed string) string { return unmarker.Replace(printed) }

// What has a meaning in Helm's set syntax.
var setEscaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `=`, `\=`, `.`, `\.`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// setSyntax is that of key=value. A value with text of the data in it keeps a mark, by
// which parseSet knows that it is text: null, true and 12345 are none for Helm.
func setSyntax(printed string) string {
	var out strings.Builder
	printed = loneEscape.Replace(printed)
	s := setState{}
	for printed != "" {
		if text, rest, marked := cutText(printed); marked {
			if s.inValue {
				out.WriteString(textBegin)
			}
			out.WriteString(setEscaper.Replace(text))
			printed, s.begins = rest, false
			continue
		}
		n := s.step(printed)
		out.WriteString(printed[:n])
		printed = printed[n:]
	}
	return out.String()
}

// loneEscape doubles a backslash that stands before text: it would escape what escapes
// the text.
var loneEscape = strings.NewReplacer(`\\`, `\\`, `\`+textBegin, `\\`+textBegin)

// setState is where in key=value,key={a,b} a reader is.
type setState struct {
	inValue bool
	begins  bool // the value begins here
	inList  bool
}

// step reads a rune, with its escape, and returns how many bytes that are.
func (s *setState) step(at string) int {
	_, n := utf8.DecodeRuneInString(at)
	begins := s.begins
	s.begins = false
	switch c := at[0]; {
	case c == '\\':
		_, escaped := utf8.DecodeRuneInString(at[n:])
		return n + escaped
	case c == '=' && !s.inValue:
		s.inValue, s.begins = true, true
	case c == '{' && s.inValue && begins:
		s.inList = true
	case c == '}' && s.inList:
		*s = setState{}
	case c == ',' && s.inValue && !s.inList:
		*s = setState{}
	}
	return n
}

// jsonSyntax is that of key=JSON, and of one JSON object. Text that stands in no string
// becomes one.
func jsonSyntax(printed string) string {
	var out strings.Builder
	printed = loneEscape.Replace(printed)
	s := jsonState{inJSON: strings.HasPrefix(strings.TrimSpace(printed), "{")}
	s.object = s.inJSON
	for printed != "" {
		text, rest, marked := cutText(printed)
		switch {
		case !marked:
			n := s.step(printed)
			out.WriteString(printed[:n])
			printed = printed[n:]
			continue
		case !s.inJSON:
			out.WriteString(setEscaper.Replace(text))
		case s.inString:
			out.WriteString(jsonText(text))
		default:
			out.WriteString(`"` + jsonText(text) + `"`)
		}
		printed = rest
	}
	return out.String()
}

// jsonState is where in key=JSON,key=JSON, or in an object, a reader is.
type jsonState struct {
	object   bool // it is one JSON object and has no keys before
	inJSON   bool
	inString bool
	depth    int
}

// step reads a rune, with its escape, and returns how many bytes that are.
func (s *jsonState) step(at string) int {
	_, n := utf8.DecodeRuneInString(at)
	c := at[0]
	if c == '\\' && (s.inString || !s.inJSON) {
		_, escaped := utf8.DecodeRuneInString(at[n:])
		return n + escaped
	}
	switch {
	case !s.inJSON:
		s.inJSON = c == '='
	case c == '"':
		s.inString = !s.inString
	case s.inString:
	case c == '{' || c == '[':
		s.depth++
	case c == '}' || c == ']':
		s.depth--
	case c == ',' && s.depth <= 0 && !s.object:
		s.inJSON = false // a further key
	}
	return n
}

// jsonText escapes what has a meaning within a JSON string, without the quotes.
func jsonText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return "" // unreachable: any string can be marshalled
	}
	return string(quoted[1 : len(quoted)-1])
}

// cutText returns the text that printed begins with and what comes after it; marked is
// false where it begins with none.
func cutText(printed string) (text, rest string, marked bool) {
	after, marked := strings.CutPrefix(printed, textBegin)
	if !marked {
		return "", printed, false
	}
	text, rest, _ = strings.Cut(strings.TrimPrefix(after, textEscaped), textEnd)
	return text, rest, true
}

// parseSet sets the values of an item as Helm's --set does, but that a value with marked
// text in it is text.
func parseSet(item string, into map[string]any) error {
	if !strings.Contains(item, textBegin) {
		return strvals.ParseInto(item, into)
	}
	return strvals.ParseIntoFile(item, into, func(value []rune) (any, error) {
		if text := string(value); strings.Contains(text, textBegin) {
			return unmarker.Replace(text), nil
		}
		plain, err := strvals.Parse("value=" + setEscaper.Replace(string(value)))
		return plain["value"], err
	})
}

// parseSetString sets the values of an item as Helm's --set-string does.
func parseSetString(item string, into map[string]any) error {
	if strings.Contains(item, textBegin) {
		item = unmarker.Replace(item)
	}
	return strvals.ParseIntoString(item, into)
}
