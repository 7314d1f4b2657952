package chart

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

// TemplateData is what templates in values' paths and set inputs may use, by
// name: App, Slug, Branch and so on. What is absent is an error to use.
type TemplateData map[string]string

const templateForm = "Use {{ .App }}, {{ .Slug }}, {{ .Branch }}, {{ .PullRequest }}, {{ .SHA }}, {{ .URL }}, {{ .Host }}, {{ .Namespace }} or {{ .Release }}."

// A branch may be called `a,image.repository=evil`. So the data has a type for
// each place it is written to, which escapes itself when printed; comparisons in
// a template see the text as it is.
type (
	plainText string
	setText   string // in set, set-string and set-file
	jsonText  string // within the double quotes of set-json
)

var setSyntax = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `=`, `\=`, `.`, `\.`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// String escapes what has a meaning in Helm's set syntax.
func (t setText) String() string { return setSyntax.Replace(string(t)) }

// String escapes what has a meaning within a JSON string.
func (t jsonText) String() string {
	quoted, err := json.Marshal(string(t))
	if err != nil {
		return "" // unreachable: any string can be marshalled
	}
	return string(quoted[1 : len(quoted)-1])
}

// expander fills the templates of one kind of input.
func expander[T ~string](d TemplateData) expand {
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
		var out limited
		if err := t.Execute(&out, data); err != nil {
			return "", templateProblem(input, item, err)
		}
		return out.String(), nil
	}
}

// expandPath fills a path and refuses it when the data, not the template, leads
// out of the folder or to another place.
func expandPath(d TemplateData, input, item string) (string, error) {
	path, err := expander[plainText](d)(input, item)
	if err != nil {
		return "", err
	}
	if strings.Count(path, "..") > strings.Count(item, "..") ||
		strings.Count(path, "://") > strings.Count(item, "://") ||
		filepath.IsAbs(path) && !filepath.IsAbs(item) {
		return "", wrongValues("fill in the path of "+input+": "+tidy(item),
			errors.New("what was filled in would lead out of the folder that the template names"),
			"Name the file by {{ .Slug }}, which is safe in a path.")
	}
	return path, nil
}

// fileExpander fills key=path.
func fileExpander(d TemplateData) expand {
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

// goType is how text/template names what a person never wrote.
var goType = regexp.MustCompile(` in type \S+| for type \S+`)

// templateProblem keeps what the error says of the action and nothing of the
// text around it, where a value may stand.
func templateProblem(input, item string, err error) error {
	text := strings.TrimPrefix(err.Error(), "template: "+input+":")
	return wrongValues("fill in a template of "+input+keyOf(item), reworded{tidy(goType.ReplaceAllString(text, "")), err}, templateForm)
}

// limited is a buffer for a template that may print without end.
type limited struct{ strings.Builder }

var errTooLong = errors.New("it prints more than 1 MiB")

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > 1<<20 {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}
