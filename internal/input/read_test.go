package input

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// An input that nothing reads does nothing, and whoever gives it is misled.
func TestEveryOptionIsRead(t *testing.T) {
	read := fieldsRead(t, "../cli")
	var o Options
	for i := range Table {
		in := &Table[i]
		name := fieldName(reflect.ValueOf(&o).Elem(), in.field(&o))
		switch {
		case name == "":
			t.Errorf("%s: it is not stored in Options", in.Name)
		case in.Secret && !read[name+".Reveal"]:
			t.Errorf("%s: Options.%s is revealed to nobody", in.Name, name)
		case !read[name]:
			t.Errorf("%s: Options.%s is not read", in.Name, name)
		}
	}
	if read["NoSuchOption"] || len(read) == 0 {
		t.Error("this test sees fields that are not there, or none")
	}
}

// fieldName returns the name of the field that p points to, in s or in the structs
// that are embedded in it.
func fieldName(s reflect.Value, p any) string {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		if field.Anonymous {
			if name := fieldName(s.Field(i), p); name != "" {
				return name
			}
		} else if s.Field(i).Addr().Interface() == p {
			return field.Name
		}
	}
	return ""
}

// fieldsRead returns the fields that the package in dir reads of variables that
// hold Options, by the names that these have there: o and options. A secret's field
// is there as Field.Reveal too, when that is called.
func fieldsRead(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if holdsOptions(s.X) {
					read[s.Sel.Name] = true
				} else if field, ok := s.X.(*ast.SelectorExpr); ok && holdsOptions(field.X) {
					read[field.Sel.Name+"."+s.Sel.Name] = true
				}
			}
			return true
		})
	}
	return read
}

func holdsOptions(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "o" || x.Name == "options"
	case *ast.SelectorExpr:
		return x.Sel.Name == "options"
	}
	return false
}
