package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// Forms returns every way in which the reports write one line of text. Whoever
// looks for a line in a report, to mask a secret, has to look for each of them.
func Forms(line string) []string {
	var all []string
	for _, s := range []string{line, text.Clean(line), text.OneLine(line)} {
		inside := strings.TrimPrefix(escape("x"+s), "x") // where no block can begin
		all = append(all, s, escape(s), inside, prose(s), inJSON(s, false), inJSON(s, true), inXML(s))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inJSON returns s as JSON writes it, without the quotes.
func inJSON(s string, escapeHTML bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	_ = enc.Encode(s) // a string can be encoded, a buffer written to
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// inXML returns s as XML writes it.
func inXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer can be written to
	return b.String()
}
