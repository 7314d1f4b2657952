package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imperatives are the words that a next step may begin with.
var imperatives = strings.Fields(`Apply Ask Change Check Correct Create Delete Deploy Find Fix Give Grant Install Keep
	Leave Let Look Make Mount Move Name Remove Rename Renew Report Restore Run See Set Start Take Unset Use Wait Write`)

// Every next step in the source begins with a capital and a verb and ends with a
// full stop. Lines that begin with "$ " are commands. Only what is constant at
// the beginning and at the end can be checked.
func TestNextStepsAreInstructions(t *testing.T) {
	fset, found := token.NewFileSet(), map[step]bool{}
	for dir, files := range sources(t, fset) {
		values := valuesOf(files)
		for _, expr := range nextSteps(files) {
			for _, s := range resolve(expr, values, 0) {
				if found[s] {
					continue
				}
				found[s] = true
				if fault := s.fault(); fault != "" {
					t.Errorf("%s: %q %s", filepath.Join(dir, filepath.Base(fset.Position(s.pos).String())), s.head, fault)
				}
			}
		}
	}
	if len(found) < 130 {
		t.Errorf("only %d next steps were found", len(found))
	}
}

func TestStepFault(t *testing.T) {
	for text, good := range map[string]bool{
		"Run it again.":                          true,
		"Run it again. Nothing was touched.":     true,
		"Run this:\n$ berth repair\nSee more.":   true,
		"Run this:\n$ berth repair":              true,
		"run it again.":                          false,
		"Run it again":                           false,
		"Nothing was touched. Run it again.":     false,
		"Run this:\nsee more.":                   false,
		"Run this:\n$ berth repair\nNo more.":    false,
		"Run this\n$ berth repair\nSee more.":    false,
		"Run this:\n$ berth repair\nSee more":    false,
		"Run this.\nSee more\nRun again at end.": false,
	} {
		if fault := (step{head: text, tail: text}).fault(); (fault == "") != good {
			t.Errorf("%q: %q", text, fault)
		}
	}
}

// step is what is constant of a next step: how it begins and how it ends, each ""
// where that is not constant.
type step struct {
	pos        token.Pos
	head, tail string
	sentence   bool // text.Sentence makes a sentence of it
}

var word = regexp.MustCompile(`^[A-Za-z]*`)

// fault returns what is wrong with the step, or "".
func (s step) fault() string {
	if s.sentence && s.head != "" {
		s.head = strings.ToUpper(s.head[:1]) + s.head[1:]
	}
	lines := strings.Split(s.head, "\n")
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "$ ") {
			continue
		}
		if !slices.Contains(imperatives, word.FindString(line)) {
			return "does not begin with a capital and a verb"
		}
		if i == len(lines)-1 {
			break // the tail says how it ends
		}
		end := "."
		if strings.HasPrefix(lines[i+1], "$ ") {
			end = ":"
		}
		if !strings.HasSuffix(line, end) {
			return "has a line that does not end with " + end
		}
	}
	last := s.tail[strings.LastIndex(s.tail, "\n")+1:]
	if last != "" && !s.sentence && !strings.HasPrefix(last, "$ ") && !strings.HasSuffix(last, ".") {
		return "does not end with a full stop"
	}
	return ""
}

// sources parses the packages below internal without their tests, by folder.
func sources(t *testing.T, fset *token.FileSet) map[string][]*ast.File {
	t.Helper()
	all := map[string][]*ast.File{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		dir := filepath.Dir(path)
		all[dir] = append(all[dir], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// nextSteps returns what is given to the field Next of a Problem or of a result's
// Exit, in literals and by assignment.
func nextSteps(files []*ast.File) (steps []ast.Expr) {
	each(files, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if kind := name(n.Type); kind != "Problem" && kind != "Exit" {
				return
			}
			for _, e := range n.Elts {
				if field, ok := e.(*ast.KeyValueExpr); ok && name(field.Key) == "Next" {
					steps = append(steps, field.Value)
				}
			}
		case *ast.AssignStmt:
			for i, target := range n.Lhs {
				if s, ok := target.(*ast.SelectorExpr); ok && s.Sel.Name == "Next" && n.Tok == token.ASSIGN && len(n.Rhs) == len(n.Lhs) {
					steps = append(steps, n.Rhs[i])
				}
			}
		}
	})
	return steps
}

// valuesOf returns what the constants of a package can be, and whatever has a
// name that begins with next: variables, parameters, results. It does not tell
// scopes apart.
func valuesOf(files []*ast.File) map[string][]ast.Expr {
	values, parameters := map[string][]ast.Expr{}, map[string]*ast.FieldList{}
	bind := func(names []string, to []ast.Expr) {
		for i := range min(len(names), len(to)) {
			if strings.HasPrefix(names[i], "next") {
				values[names[i]] = append(values[names[i]], to[i])
			}
		}
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.ValueSpec); ok && len(spec.Values) == len(spec.Names) {
						for i, name := range spec.Names {
							values[name.Name] = append(values[name.Name], spec.Values[i])
						}
					}
				}
			}
		}
	}
	each(files, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) && n.Tok != token.ADD_ASSIGN {
				bind(names(n.Lhs), n.Rhs)
			}
		case *ast.FuncDecl:
			parameters[n.Name.Name] = n.Type.Params
			if results := fields(n.Type.Results); len(results) > 0 {
				ast.Inspect(n, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok {
						bind(results, r.Results)
					}
					_, inner := n.(*ast.FuncLit)
					return !inner
				})
			}
		}
	})
	each(files, func(n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok {
			bind(fields(parameters[name(call.Fun)]), call.Args)
		}
	})
	return values
}

// resolve returns what is constant of a string expression, once for each value
// that it can have.
func resolve(e ast.Expr, values map[string][]ast.Expr, depth int) (steps []step) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []step{{pos: e.Pos(), head: s, tail: s}}
		}
	case *ast.BinaryExpr:
		for _, left := range orUnknown(resolve(e.X, values, depth), e) {
			for _, right := range orUnknown(resolve(e.Y, values, depth), e) {
				steps = append(steps, step{pos: left.pos, head: left.head, tail: right.tail})
			}
		}
	case *ast.CallExpr:
		if len(e.Args) == 0 {
			return nil
		}
		steps = resolve(e.Args[0], values, depth)
		for i := range steps {
			s := &steps[i]
			switch name(e.Fun) {
			case "Sprintf":
				s.head, _, _ = strings.Cut(s.head, "%")
				s.tail = s.tail[strings.LastIndex(s.tail, "%")+1:]
			case "Sentence":
				s.sentence = true
			case "Sentences":
				s.tail = ""
			default:
				return nil
			}
		}
	case *ast.Ident:
		const deep = 4
		for _, value := range values[e.Name] {
			if depth < deep {
				steps = append(steps, resolve(value, values, depth+1)...)
			}
		}
	}
	return steps
}

func orUnknown(steps []step, e ast.Expr) []step {
	if len(steps) == 0 {
		return []step{{pos: e.Pos()}}
	}
	return steps
}

func each(files []*ast.File, visit func(ast.Node)) {
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}

// name is the last identifier of x or pkg.x, or "".
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// names are the identifiers of a list, "" for what is none.
func names[E ast.Expr](list []E) []string {
	all := make([]string, len(list))
	for i, e := range list {
		if ident, ok := ast.Expr(e).(*ast.Ident); ok {
			all[i] = ident.Name
		}
	}
	return all
}

// fields are the names in a list of parameters or results.
func fields(list *ast.FieldList) (all []string) {
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		all = append(all, names(field.Names)...)
	}
	return all
}
