package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/berth-dev/berth/internal/report"
)

// enumerated are the types of strings that have a fixed set of values: the
// constants of a type in another package.
var enumerated = map[reflect.Type]struct{ dir, name string }{
	reflect.TypeFor[report.Verdict]():    {"internal/problem", "ExitReason"},
	reflect.TypeFor[report.Status]():     {"internal/facts", "Status"},
	reflect.TypeFor[report.Level]():      {"internal/result", "Level"},
	reflect.TypeFor[report.Fate]():       {"internal/result", "Fate"},
	reflect.TypeFor[report.Found]():      {"internal/result", "Found"},
	reflect.TypeFor[report.FleetState](): {"internal/fleet", "State"},
	reflect.TypeFor[report.Cause]():      {"internal/facts", "CauseKind"},
	reflect.TypeFor[report.Action]():     {"internal/facts", "Action"},
}

// document is a JSON report.
type document struct {
	file      string // that its schema is generated into, from the repository's root
	of        any
	id, title string
	version   string // the value of its field schema
}

// documents are all of them.
var documents = []document{
	{"docs/report.schema.json", report.Document{}, "https://berth.dev/schema/report/v1.json", "Berth report", report.Schema},
	{"docs/fleet.schema.json", report.FleetDocument{}, "https://berth.dev/schema/fleet/v1.json", "Berth list", report.FleetSchema},
	{"docs/sweep.schema.json", report.SweepDocument{}, "https://berth.dev/schema/sweep/v1.json", "Berth sweep", report.SweepSchema},
}

// schema returns the JSON Schema of a document. root is the repository's
// root: descriptions are the comments in the source, and enums its constants.
func schema(root string, d document) ([]byte, error) {
	enums := map[reflect.Type][]any{}
	for t, from := range enumerated {
		values, err := constants(filepath.Join(root, from.dir), from.name)
		if err != nil {
			return nil, err
		}
		enums[t] = values
	}
	reflector := jsonschema.Reflector{
		AllowAdditionalProperties: true,
		ExpandedStruct:            true,
		Namer:                     definition,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if values, ok := enums[t]; ok {
				return &jsonschema.Schema{Type: "string", Enum: values}
			}
			return nil
		},
	}
	if err := addComments(&reflector, root); err != nil {
		return nil, err
	}
	s := reflector.Reflect(d.of)
	s.ID, s.Title = jsonschema.ID(d.id), d.title
	if version, ok := s.Properties.Get("schema"); ok {
		version.Const = d.version
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(s)
	return b.Bytes(), err
}

// definition is the name of a type in $defs: "logTail". It is "" for a type without
// a name, which needs none.
func definition(t reflect.Type) string {
	name := t.Name()
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// addComments makes descriptions of the comments on the types and fields of
// internal/report, each one line.
func addComments(r *jsonschema.Reflector, root string) error {
	const dir = "internal/report"
	sources := jsonschema.Reflector{}
	if err := sources.AddGoComments("", filepath.Join(root, dir), jsonschema.WithFullComment()); err != nil {
		return err
	}
	pkg := reflect.TypeFor[report.Document]().PkgPath()
	r.CommentMap = map[string]string{}
	for name, text := range sources.CommentMap {
		text, _, _ = strings.Cut(text, "\n\n") // what is behind is for who reads the source
		r.CommentMap[pkg+strings.TrimPrefix(name, path.Clean(filepath.ToSlash(filepath.Join(root, dir))))] = strings.ReplaceAll(text, "\n", " ")
	}
	return nil
}

// constants returns the values of the string constants of a type that a package
// declares, in the order of the source.
func constants(dir, typeName string) (values []any, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, _ := spec.Type.(*ast.Ident)
			value, _ := spec.Values[0].(*ast.BasicLit)
			if kind == nil || value == nil || kind.Name != typeName {
				return true
			}
			if s, err := strconv.Unquote(value.Value); err == nil {
				values = append(values, s)
			}
			return true
		})
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("no constant of type %s in %s", typeName, dir)
	}
	return values, nil
}
