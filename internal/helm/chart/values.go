package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
)

// Values are the values and set inputs. Each item is a template over Data.
type Values struct {
	Files     []string // paths or https:// addresses of YAML files, - for Stdin
	Content   string   // YAML text, over the files; no template
	Set       []string // key=value, as helm's --set
	SetString []string
	SetFile   []string // key=path
	SetJSON   []string // key=JSON, or a JSON object
	Data      TemplateData
	Stdin     io.Reader      // nil is empty
	Seen      func(Document) // takes each values file that was read; may be nil
	// Hide is given what Content holds, before anything can quote it; may be nil.
	Hide func(secrets ...string)
}

// SetKeys returns the keys that may be set otherwise than by a file: "" is any.
func (v Values) SetKeys() []string {
	var keys []string
	for _, item := range slices.Concat(v.Set, v.SetString, v.SetFile, v.SetJSON) {
		if strings.HasPrefix(strings.TrimSpace(item), "{") { // an object of JSON
			keys = append(keys, "")
		}
		for part := range strings.SplitSeq(item, ",") {
			if key, _, found := strings.Cut(part, "="); found {
				keys = append(keys, strings.TrimSpace(key))
			}
		}
	}
	return keys
}

const (
	setForm  = "Write key=value, more after a comma; put \\ before a comma, dot, brace or = that belongs to the text."
	fileForm = "Write key=path; the path is taken from the working directory."
	jsonForm = "Write key=JSON or one JSON object, text in double quotes."
)

// Merge reads and merges the values in Helm's order: files, set-json, set,
// set-string, set-file. Content comes behind the files. A later one wins. The error is a *problem.Problem that names
// the item and its key, never its value.
func Merge(ctx context.Context, v Values) (map[string]any, error) {
	merged, err := aside(ctx, graceTime, func() (map[string]any, error) { return v.merge(ctx) })
	if known := (*problem.Problem)(nil); err == nil || errors.As(err, &known) {
		return merged, err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, &problem.Problem{Reason: problem.Interrupted, Tried: "read the values", Cause: ctx.Err()}
	}
	return nil, invalidValues("read the values", err,
		"Look for a template in values or set that has no end, or give it more time with timeout.")
}

func (v Values) merge(ctx context.Context) (map[string]any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	merged := map[string]any{}
	for _, item := range v.Files {
		path, err := expandPath(v.Data, "values", item)
		if err != nil {
			return nil, err
		}
		next, err := v.readFile(ctx, path)
		if err != nil {
			return nil, err
		}
		merged = mergeValues(merged, next)
	}
	next, err := v.readContent()
	if err != nil {
		return nil, err
	}
	merged = mergeValues(merged, next)
	for _, parse := range []func() error{
		func() error {
			return parseAll(merged, "set-json", jsonForm, v.SetJSON, expander(v.Data, jsonSyntax), parseJSON)
		},
		func() error {
			return parseAll(merged, "set", setForm, v.Set, expander(v.Data, setSyntax), parseSet)
		},
		func() error {
			return parseAll(merged, "set-string", setForm, v.SetString, expander(v.Data, setSyntax), parseSetString)
		},
		func() error {
			return parseAll(merged, "set-file", fileForm, v.SetFile, fileExpander(v.Data), v.fileParser(ctx))
		},
	} {
		if err := parse(); err != nil {
			return nil, err
		}
	}
	return merged, nil
}

// parseFunc sets the values of an item, one of Helm's set parsers.
type parseFunc func(item string, into map[string]any) error

// parseAll expands and parses the items of one input. The parser's own error is
// dropped, since it quotes parts of the item.
func parseAll(into map[string]any, input, form string, items []string, expand expandFunc, parse parseFunc) error {
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
		var unread *unreadableFileError
		if errors.As(err, &unread) {
			cause = unread
		}
		return invalidValues(fmt.Sprintf("read item %d of %s%s", i+1, input, keyOf(item)), cause, form)
	}
	return nil
}

// unreadableFileError says why a file of set-file cannot be read.
type unreadableFileError struct {
	path string
	err  error
}

func (e *unreadableFileError) Error() string {
	return sanitize(shownPath(e.path) + ": " + unreadable(e.err).Error())
}

func (e *unreadableFileError) Unwrap() error { return e.err }

func (v Values) fileParser(ctx context.Context) parseFunc {
	return func(item string, into map[string]any) error {
		return strvals.ParseIntoFile(item, into, func(path []rune) (any, error) {
			name := unmarker.Replace(string(path))
			data, err := v.read(ctx, name)
			if err != nil {
				return nil, &unreadableFileError{name, err}
			}
			return string(data), nil
		})
	}
}

// parseJSON sets key=JSON, or merges a JSON object over what there is.
func parseJSON(item string, into map[string]any) error {
	if !strings.HasPrefix(strings.TrimSpace(item), "{") {
		return strvals.ParseJSON(item, into)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(item), &object); err != nil {
		return err
	}
	mergeValues(into, object)
	return nil
}

// readFile reads a values file.
func (v Values) readFile(ctx context.Context, path string) (map[string]any, error) {
	tried := "read the values file " + shownPath(path)
	data, err := v.read(ctx, path)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, &problem.Problem{Reason: problem.Interrupted, Tried: tried, Cause: ctx.Err()}
		}
		return nil,
			invalidValues(tried, sanitizeError(unreadable(err)),
				"Check the path; it is taken from the working directory, and the repository must be checked out.")
	}
	place := problem.Place{}
	if !isHTTP(path) && strings.TrimSpace(path) != "-" {
		place.File = path
	}
	document, values, err := parseDocument(tried, data, place)
	if err == nil && v.Seen != nil && place.File != "" {
		v.Seen(Document{Path: path, Content: document})
	}
	return values, err
}

// parseDocument parses values from their only document.
func parseDocument(tried string, data []byte, place problem.Place) (document []byte, values map[string]any, err error) {
	document, err = onlyDocument(data)
	if err != nil {
		return nil, nil, &problem.Problem{Reason: problem.ChartInvalid, Tried: tried, Cause: err, Place: place,
			Next: "Make one document of them, or give them as files of their own: Helm 3 takes the first alone, and Helm 4 merges them."}
	}
	values = map[string]any{}
	if err := yaml.Unmarshal(document, &values); err != nil {
		if at := yamlLine.FindStringSubmatch(err.Error()); at != nil {
			place.Line, _ = strconv.Atoi(at[1])
		}
		return nil, nil, &problem.Problem{Reason: problem.WrongInput, Tried: tried, Cause: rewordedError{yamlError(err), err}, Place: place,
			Next: "Correct the file."}
	}
	return document, values, nil
}

// read returns what is at a path, at an address, or on standard input.
func (v Values) read(ctx context.Context, path string) ([]byte, error) {
	switch {
	case isHTTP(path):
		return downloadValues(ctx, path)
	case strings.TrimSpace(path) == "-":
		return v.readStdin(ctx)
	}
	return ReadFile(ctx, path)
}

// ReadFile returns what is in a file that the user named, be it one of values or not.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	if err := CheckLinks(path); err != nil {
		return nil, err
	}
	return aside(ctx, 0, func() ([]byte, error) { return readNamed(path, maxInput) }) // nobody may ever write to a FIFO
}

// readStdin reads to the end, or until ctx ends: nobody may ever write there.
func (v Values) readStdin(ctx context.Context) ([]byte, error) {
	if v.Stdin == nil {
		return nil, nil
	}
	return aside(ctx, 0, func() ([]byte, error) { return readAll(v.Stdin, "standard input", maxInput) })
}

// downloadValues downloads a values file. It sends no credentials: the registry's
// are not meant for the host of a values file.
func downloadValues(ctx context.Context, address string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "berth-") // where nobody else can put a file of credentials
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r, err := Source{}.connect(ctx, dir)
	if err != nil {
		return nil, err
	}
	data, err := r.download(address)
	if err == nil && len(data) > maxInput {
		return nil, tooLarge("the answer", maxInput)
	}
	return data, err
}

// mergeValues merges b over a and returns a. A null in b stays, since it removes the
// chart's default.
func mergeValues(a, b map[string]any) map[string]any {
	for key, value := range b {
		under, isMap := a[key].(map[string]any)
		over, both := value.(map[string]any)
		if isMap && both {
			value = mergeValues(under, over)
		}
		a[key] = value
	}
	return a
}
