package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
)

// Values says where the values come from. Each item is a template over Data.
type Values struct {
	Files     []string // paths or https:// addresses of YAML files
	Set       []string // key=value, as helm's --set
	SetString []string
	SetFile   []string // key=path
	SetJSON   []string // key=JSON
	Data      TemplateData
}

const (
	setForm  = "Write key=value, more after a comma; put \\ before a comma, dot, brace or = that belongs to the text."
	fileForm = "Write key=path; the path is taken from the working directory."
	jsonForm = "Write key=JSON, text in double quotes."
)

// Merge reads and merges the values in Helm's order: files, set-json, set,
// set-string, set-file; the later wins. What is wrong with an input is a
// *problem.Problem that names the item and its key, never its value.
func Merge(ctx context.Context, v Values) (map[string]any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	merged := map[string]any{}
	for _, item := range v.Files {
		path, err := expandPath(v.Data, "values", item)
		if err != nil {
			return nil, err
		}
		next, err := readValues(ctx, path)
		if err != nil {
			return nil, err
		}
		merged = overlay(merged, next)
	}
	for _, parse := range []func() error{
		func() error {
			return parseAll(merged, "set-json", jsonForm, v.SetJSON, expander[jsonText](v.Data), strvals.ParseJSON)
		},
		func() error {
			return parseAll(merged, "set", setForm, v.Set, expander[setText](v.Data), strvals.ParseInto)
		},
		func() error {
			return parseAll(merged, "set-string", setForm, v.SetString, expander[setText](v.Data), strvals.ParseIntoString)
		},
		func() error {
			return parseAll(merged, "set-file", fileForm, v.SetFile, fileExpander(v.Data), parseFile)
		},
	} {
		if err := parse(); err != nil {
			return nil, err
		}
	}
	return merged, nil
}

type (
	expand func(input, item string) (string, error)
	parse  func(item string, into map[string]any) error
)

// parseAll drops the parser's own words, which quote parts of the item.
func parseAll(into map[string]any, input, form string, items []string, expand expand, parse parse) error {
	for i, item := range items {
		text, err := expand(input, item)
		if err != nil {
			return err
		}
		err = parse(text, into)
		if err == nil {
			continue
		}
		cause := errors.New("it does not have the form that this input takes")
		var unread *unreadable
		if errors.As(err, &unread) {
			cause = unread
		}
		return wrongValues(fmt.Sprintf("read item %d of %s%s", i+1, input, keyOf(item)), cause, form)
	}
	return nil
}

// keyOf names an item by the part that is no secret.
func keyOf(item string) string {
	const most = 80
	key, _, found := strings.Cut(item, "=")
	if !found || len(key) > most {
		return ""
	}
	return " (" + tidy(key) + "=…)"
}

// unreadable is a file of set-file that cannot be read.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return tidy(u.err.Error()) }
func (u *unreadable) Unwrap() error { return u.err }

func parseFile(item string, into map[string]any) error {
	return strvals.ParseIntoFile(item, into, func(path []rune) (any, error) {
		data, err := os.ReadFile(string(path))
		if err != nil {
			return nil, &unreadable{err}
		}
		return string(data), nil
	})
}

func readValues(ctx context.Context, path string) (map[string]any, error) {
	tried := "read the values file " + tidy(path)
	var data []byte
	var err error
	if isHTTP(path) {
		data, err = downloadValues(ctx, path)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, &problem.Problem{Reason: problem.Interrupted, Tried: tried, Cause: ctx.Err()}
		}
		return nil, wrongValues(tried, clean(err), "Check the path; it is taken from the working directory, and the repository must be checked out.")
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, wrongValues(tried, reworded{yamlFault(err), err}, "Correct the file.")
	}
	return values, nil
}

// downloadValues sends no credentials: those of the registry are not meant for
// the host of a values file.
func downloadValues(ctx context.Context, address string) ([]byte, error) {
	r, err := Source{}.connect(ctx, os.TempDir())
	if err != nil {
		return nil, err
	}
	return r.download(address)
}

var (
	yamlLine   = regexp.MustCompile(`(?s)line \d+: .*`)
	quotedText = regexp.MustCompile("(?s)`.*`|'.*'|\".*\"")
)

// yamlFault keeps the line and the rule of a YAML error and drops what it quotes.
func yamlFault(err error) string {
	if strings.Contains(err.Error(), "cannot unmarshal") {
		return "the file is not a map of values (key: value)"
	}
	text := yamlLine.FindString(err.Error())
	if text == "" {
		text = strings.TrimPrefix(err.Error(), "error converting YAML to JSON: yaml: ")
	}
	return tidy(quotedText.ReplaceAllString(text, "…"))
}

// overlay lets b win over a; null in b is kept, since it removes a default.
func overlay(a, b map[string]any) map[string]any {
	for key, value := range b {
		under, isMap := a[key].(map[string]any)
		over, both := value.(map[string]any)
		if isMap && both {
			value = overlay(under, over)
		}
		a[key] = value
	}
	return a
}

func wrongValues(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: tried, Cause: cause, Next: next}
}
