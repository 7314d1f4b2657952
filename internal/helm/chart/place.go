package chart

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yaml "sigs.k8s.io/yaml/goyaml.v3"

	"github.com/berth-dev/berth/internal/problem"
)

// placedError is an error that is in a file of a chart, or in a value.
type placedError struct {
	error
	file string // as Helm names it, from the chart's name on: web/templates/web.yaml
	line int    // 0: it is not known
	key  string // of the value: image.tag; "": it is in the file
}

func (e *placedError) Unwrap() error { return e.error }

// placeIn returns where an error is, in the files of a chart that lies in a folder, and in
// the values files that were read. Nothing is known of other charts' files.
func placeIn(err error, a *Archive, o RenderOptions) problem.Place {
	var at *placedError
	switch {
	case !errors.As(err, &at):
		return problem.Place{}
	case at.key != "":
		return placeOfValue(at.key, a, o)
	case a.Folder == "":
		return problem.Place{}
	}
	_, inside, ok := strings.Cut(at.file, "/") // what is before it is the chart's name
	if !ok {
		return problem.Place{}
	}
	return problem.Place{File: path.Join(a.Folder, inside), Line: at.line}
}

// Document is a values file as it was read.
type Document struct {
	Path    string
	Content []byte
}

// placeOfValue returns where a value was set: in the last of the values files that has it,
// or in the chart's own. It returns none where set may have it.
func placeOfValue(key string, a *Archive, o RenderOptions) problem.Place {
	if slices.ContainsFunc(o.SetKeys, func(set string) bool { return strings.HasPrefix(set, key) || strings.HasPrefix(key, set) }) {
		return problem.Place{}
	}
	for _, d := range slices.Backward(o.Documents) {
		if line := lineOf(d.Content, key); line > 0 {
			return problem.Place{File: d.Path, Line: line}
		}
	}
	if a.Folder == "" {
		return problem.Place{}
	}
	for _, f := range a.files {
		if f.Name == "values.yaml" {
			if line := lineOf(f.Data, key); line > 0 {
				return problem.Place{File: path.Join(a.Folder, f.Name), Line: line}
			}
		}
	}
	return problem.Place{}
}

// keyPart matches a part of a key's path: image, or [0].
var keyPart = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// lineOf returns the line at which a document has a key, as "image.tag" or "hosts[0]"; 0
// where it does not, or has it by an alias.
func lineOf(document []byte, key string) int {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil || len(root.Content) != 1 {
		return 0
	}
	at, line := root.Content[0], 0
	for _, part := range keyPart.FindAllString(key, -1) {
		if at, line = child(at, part); at == nil {
			return 0
		}
	}
	return line
}

// child returns what a node has under a part of a path, and the line at which it begins.
func child(at *yaml.Node, part string) (found *yaml.Node, line int) {
	index, err := strconv.Atoi(strings.Trim(part, "[]"))
	switch {
	case at.Kind == yaml.SequenceNode && err == nil && index < len(at.Content):
		return at.Content[index], at.Content[index].Line
	case at.Kind != yaml.MappingNode:
		return nil, 0
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value == part {
			return at.Content[i+1], at.Content[i].Line
		}
	}
	return nil, 0
}
