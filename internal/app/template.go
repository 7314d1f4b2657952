package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// TemplateError says that a template cannot be filled in.
type TemplateError struct {
	What     string   // the input it came from
	Template string   // as written; chart values in it may be secret
	Known    []string // the values it may use
	Cause    error
}

// Error is one line.
func (e *TemplateError) Error() string {
	return fmt.Sprintf("the template of %s cannot be filled in: %v; what it may use here is .%s", e.What, e.Cause, strings.Join(e.Known, ", ."))
}

// Unwrap gives the cause.
func (e *TemplateError) Unwrap() error { return e.Cause }

// fill fills in a template with the app's names. What is the input that it came
// from, for the error; each name is put through escape.
func (a *App) fill(what, text string, escape func(string) string) (string, error) {
	values := a.Values()
	for name, value := range values {
		values[name] = escape(value)
	}
	return render(what, text, values)
}

func verbatim(value string) string { return value }

// Values are what a template may use. What is not known is absent, so that
// pr-{{ .PullRequest }} without a pull request is an error, not "pr-".
func (a *App) Values() map[string]string {
	values := map[string]string{
		"App": a.App, "Slug": a.Slug, "Branch": a.Source.Branch, "SHA": a.Source.SHA,
		"Namespace": a.Namespace, "Release": a.Release, "URL": a.URL, "Host": a.Host,
	}
	if a.Source.PullRequest > 0 {
		values["PullRequest"] = strconv.Itoa(a.Source.PullRequest)
	}
	maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	return values
}

// probe is what a template sees of a made-up branch, the i-th.
func probe(app string, i int) map[string]string {
	letters := strings.Repeat(string(rune('a'+i)), maxSlug)
	return map[string]string{
		"App": app, "Slug": letters, "Branch": letters, "SHA": letters,
		"PullRequest": strings.Repeat(strconv.Itoa(i+1), 9),
	}
}

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
