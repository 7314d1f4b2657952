package chart

import (
	"net/url"
	"strings"
)

// escapeInAddress escapes text of the data where it stands in an address, as in the input url: a branch's name may
// be %2e%2e, or have a # in it, and would name another file, or ask the server for something else. A slash
// stays one where the path is. What urlquery has escaped is escaped. An unescaped end, such as a comma, ends an address;
// "" for none.
func escapeInAddress(printed, end string) string {
	var out strings.Builder
	before := "" // of the template's own, since the item began
	for printed != "" {
		text, rest, marked := cutText(printed)
		if !marked {
			n := 1
			if printed[0] == '\\' && len(printed) > 1 && printed[1:2] != textBegin {
				n = 2
			}
			before += printed[:n]
			if end != "" && printed[:n] == end {
				before = ""
			}
			out.WriteString(printed[:n])
			printed = printed[n:]
			continue
		}
		_, after, inAddress := strings.Cut(before, "://")
		isEscaped := strings.HasPrefix(printed, textBegin+textEscaped)
		printed = rest
		if inAddress && !isEscaped {
			text = escapeInURL(text, !strings.ContainsAny(after, "?#"))
		}
		out.WriteString(textBegin + text + textEnd)
	}
	return out.String()
}

// escapeInURL escapes all but letters, digits and -_.~ in text, and in a path the slash.
func escapeInURL(text string, inPath bool) string {
	text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	if inPath {
		text = strings.ReplaceAll(text, "%2F", "/")
	}
	return text
}
