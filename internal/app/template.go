package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
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

// Quote writes a value so that it stays one value in what is rendered, even
// where a branch is called a,admin=true.
type Quote func(value string) string

// Verbatim is for whole values: names, paths.
func Verbatim(value string) string { return value }

// ForURL is for a part of a URL.
func ForURL(value string) string { return url.PathEscape(value) }

// ForSet is for the values of set, set-string and set-file, which Helm splits
// at commas and reads lists and keys in.
func ForSet(value string) string {
	return setEscapes.Replace(value)
}

var setEscapes = strings.NewReplacer(
	`\`, `\\`, `,`, `\,`, `{`, `\{`, `}`, `\}`, `[`, `\[`, `]`, `\]`, `=`, `\=`, `.`, `\.`)

// ForJSON is for the inside of a JSON string.
func ForJSON(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil { // a string always marshals
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

// Render fills in a template with the app's names. What is the input that it
// came from, for the error.
func (a *App) Render(what, text string, quote Quote) (string, error) {
	values := a.values()
	for name, value := range values {
		values[name] = quote(value)
	}
	return render(what, text, values)
}

// values are what a template may use. What is not known is absent, so that
// pr-{{ .PullRequest }} without a pull request is an error, not "pr-".
func (a *App) values() map[string]string {
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
