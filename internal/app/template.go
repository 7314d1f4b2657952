package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
)

// TemplateError reports a template that cannot be rendered.
type TemplateError struct {
	What     string   // the input that the template came from
	Template string   // as given; chart values in it may be secret
	Known    []string // names of the values that it may use
	Cause    error
}

// Error returns one line.
func (e *TemplateError) Error() string {
	return fmt.Sprintf("the template of %s cannot be filled in: %v; what it may use here is .%s", e.What, e.Cause,
		strings.Join(e.Known, ", ."))
}

// Unwrap returns the cause.
func (e *TemplateError) Unwrap() error { return e.Cause }

// render renders a template. what is the input that it came from. A value that is
// absent from values is a *TemplateError.
func render(what, text string, values map[string]string) (string, error) {
	fail := func(cause error) (string, error) {
		return "", &TemplateError{What: what, Template: text, Known: slices.Sorted(maps.Keys(values)), Cause: cause}
	}
	t, err := template.New(what).Option("missingkey=error").Parse(text)
	if err != nil {
		return fail(err)
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return fail(err)
	}
	return b.String(), nil
}
