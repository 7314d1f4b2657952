package chart

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/berth-dev/berth/internal/problem"
)

// TemplateData is what the templates in the values and set inputs may use, by
// name: App, Slug, Branch and so on. A name that is absent is an error.
type TemplateData map[string]string

const templateForm = "Use {{ .App }}, {{ .Slug }}, {{ .Branch }}, {{ .PullRequest }}, {{ .SHA }}, " +
	"{{ .URL }}, {{ .Host }}, {{ .Namespace }} or {{ .Release }}."

// The data has one type for each syntax that it is written into: a branch may be
// called `a,image.repository=evil`. The type's String escapes it when it is printed;
// comparisons in a template see the text as it is.
type (
	plainText string // in paths
	setText   string // in set, set-string and set-file
	jsonText  string // within the double quotes of set-json
)

var setSyntax = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `=`, `\=`, `.`, `\.`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// String escapes what Helm's set syntax gives a meaning.
func (t setText) String() string { return setSyntax.Replace(string(t)) }

// String escapes what has a meaning within a JSON string, without the quotes.
func (t jsonText) String() string {
	quoted, err := json.Marshal(string(t))
	if err != nil {
		return "" // unreachable: any string can be marshalled
	}
	return string(quoted[1 : len(quoted)-1])
}

// expandFunc executes the template in an item of an input.
type expandFunc func(input, item string) (string, error)

// expander returns the expandFunc for data of type T.
func expander[T ~string](d TemplateData) expandFunc {
	data := make(map[string]T, len(d))
	for name, value := range d {
		data[name] = T(value)
	}
	return func(input, item string) (string, error) {
		if !strings.Contains(item, "{{") {
			return item, nil
		}
		t, err := template.New(input).Option("missingkey=error").Parse(item)
		if err != nil {
			return "", templateProblem(input, item, err)
		}
		var out limitedBuffer
		if err := t.Execute(&out, data); err != nil {
			return "", templateProblem(input, item, err)
		}
		return out.String(), nil
	}
}

// expandPath executes the template in a path. It refuses a path which the data, not
// the template, leads out of the folder or to another host.
func expandPath(d TemplateData, input, item string) (string, error) {
	path, err := expander[plainText](d)(input, item)
	if err != nil {
		return "", err
	}
	if strings.Count(path, "..") > strings.Count(item, "..") ||
		strings.Count(path, "://") > strings.Count(item, "://") ||
		filepath.IsAbs(path) && !filepath.IsAbs(item) {
		return "", invalidValues("fill in the path of "+input+": "+sanitize(item),
			errors.New("what was filled in would lead out of the folder that the template names"),
			"Name the file by {{ .Slug }}, which is safe in a path.")
	}
	return path, nil
}

// fileExpander returns the expandFunc for key=path.
func fileExpander(d TemplateData) expandFunc {
	fill := expander[setText](d)
	return func(input, item string) (string, error) {
		if _, path, found := strings.Cut(item, "="); found {
			if _, err := expandPath(d, input, path); err != nil {
				return "", err
			}
		}
		return fill(input, item)
	}
}

// goType matches what text/template says of Go's types, which mean nothing to the
// person who wrote the template.
var goType = regexp.MustCompile(` in type \S+| for type \S+`)

// templateProblem returns what err says of the template's action, without the text
// around it, which may hold a value.
func templateProblem(input, item string, err error) error {
	message := strings.TrimPrefix(err.Error(), "template: "+input+":")
	return invalidValues("fill in a template of "+input+keyOf(item), rewordedError{sanitize(goType.ReplaceAllString(message, "")), err},
		templateForm)
}

// limitedBuffer holds what a template prints, which may have no end.
type limitedBuffer struct{ strings.Builder }

var errTooLong = errors.New("it prints more than 1 MiB")

// Write implements io.Writer.
func (l *limitedBuffer) Write(p []byte) (int, error) {
	if l.Len()+len(p) > 1<<20 {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}

// keyOf returns " (key=…)" for an item, or "": the value may be a secret.
func keyOf(item string) string {
	const most = 80
	key, _, found := strings.Cut(item, "=")
	if !found || len(key) > most || strings.HasPrefix(strings.TrimSpace(key), "{") { // a JSON object of set-json
		return ""
	}
	return " (" + sanitize(key) + "=…)"
}

// invalidValues returns the problem of a values or set input.
func invalidValues(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: tried, Cause: cause, Next: next}
}
