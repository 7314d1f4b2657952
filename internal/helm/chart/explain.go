package chart

import (
	"regexp"
	"strings"
)

var (
	// templatePlace is "template: web/templates/web.yaml:12:18: ", as often as one
	// template includes another. Text run by tpl has the name gotpl.
	templatePlace = regexp.MustCompile(`(?:template: |(?:parse|execution) error at \()([^\s:()"]+):(\d+(?::\d+)?)\)?: ?`)
	executing     = regexp.MustCompile(`^executing "[^"]*" at `)
	parsedValue   = regexp.MustCompile(`parsing "(?:[^"\\]|\\.)*"`)
	renderedYAML  = regexp.MustCompile(`(?s)^YAML parse error on (\S+): (.*)$`)
)

// templateFault keeps the innermost place and what went wrong there, and the
// template that was being rendered when it is another one. What lies between
// quotes whole texts that were given to tpl, and with them values.
func templateFault(err error, values any) error {
	text := err.Error()
	places := templatePlace.FindAllStringSubmatchIndex(text, -1)
	if len(places) == 0 {
		return reworded{tidy(mask(text, plain(values))), err}
	}
	var outer, inner string
	for _, at := range places {
		file, line := text[at[2]:at[3]], text[at[4]:at[5]]
		if file == "gotpl" {
			continue
		}
		inner = file + ":" + line
		if outer == "" {
			outer = inner
		}
	}
	message := text[places[len(places)-1][1]:]
	message = executing.ReplaceAllString(message, "at ")
	message = parsedValue.ReplaceAllString(message, "parsing the value")
	message = tidy(mask(message, plain(values)))
	if inner != "" {
		message = inner + ": " + message
	}
	if outer != inner {
		message += " (included by " + outer + ")"
	}
	return reworded{message, err}
}

// renderedFault names the file whose rendered text is no YAML.
func renderedFault(err error) error {
	at := renderedYAML.FindStringSubmatch(err.Error())
	if at == nil {
		return clean(err)
	}
	text := yamlFault(err)
	if strings.Contains(at[2], "cannot unmarshal") {
		text = "it is not an object"
	}
	return reworded{at[1] + ": the rendered YAML, " + text, err}
}
