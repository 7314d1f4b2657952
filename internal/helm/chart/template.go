package chart

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/berth-dev/berth/internal/problem"
)

// TemplateData is what the templates in the values and set inputs may use, by
// name: App, Slug, Branch and so on. A name that is absent is an error.
type TemplateData map[string]string

const templateForm = "Use {{ .App }}, {{ .Slug }}, {{ .Branch }}, {{ .PullRequest }}, {{ .SHA }}, " +
	"{{ .URL }}, {{ .Host }}, {{ .Namespace }} or {{ .Release }}."

// numberName is the one name whose value is a number, where it stands alone.
const numberName = "PullRequest"

// What an action prints that has to do with the data stands between these: a branch may
// be called `a,image.repository=evil`, or null. The syntax that it is written into then
// escapes it as a whole (syntax.go), whatever the action did with it before: printf, js
// and slice would undo what was escaped earlier. No input holds a NUL.
const textBegin, textEnd = "\x00", "\x01"

// textEscaped is what text begins with that urlquery has escaped.
const textEscaped = "\x02"

// markName is the function that every action with data in it ends in, and markEscapedName where that ends in urlquery.
const markName, markEscapedName = "markText", "markEscaped"

var unmarker = strings.NewReplacer(textBegin, "", textEnd, "", textEscaped, "")

// mark returns what an action prints, marked where it is text. Numbers and booleans are
// what the template's own functions made.
func mark(value any) string {
	switch value.(type) {
	case nil:
		return ""
	case bool, int, int64, uint8, float64:
		return fmt.Sprint(value)
	}
	return textBegin + unmarker.Replace(fmt.Sprint(value)) + textEnd
}

// markEscaped is mark of what urlquery has escaped.
func markEscaped(value any) string {
	return textBegin + textEscaped + unmarker.Replace(fmt.Sprint(value)) + textEnd
}

// marker returns the name of the function that a pipeline is to end in.
func marker(pipe *parse.PipeNode) string {
	last := pipe.Cmds[len(pipe.Cmds)-1].Args[0]
	if function, ok := last.(*parse.IdentifierNode); ok && function.Ident == "urlquery" {
		return markEscapedName
	}
	return markName
}

// expandFunc executes the template in an item of an input.
type expandFunc func(input, item string) (string, error)

// expander returns the expandFunc that writes the data into a syntax.
func expander(d TemplateData, write syntax) expandFunc {
	return func(input, item string) (string, error) {
		if !strings.Contains(item, "{{") {
			return item, nil
		}
		t, err := template.New(input).Option("missingkey=error").Funcs(template.FuncMap{markName: mark, markEscapedName: markEscaped}).Parse(item)
		if err != nil {
			return "", templateProblem(input, item, err)
		}
		for _, defined := range t.Templates() {
			if defined.Tree != nil {
				markActions(defined.Root)
			}
		}
		var out limitedBuffer
		if err := t.Execute(&out, map[string]string(d)); err != nil {
			return "", templateProblem(input, item, err)
		}
		return write(out.String()), nil
	}
}

// markActions has every action below a node end in mark, as html/template has them end
// in its escapers. An action of constants alone is the user's own text, and stays.
func markActions(node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, inner := range n.Nodes {
			markActions(inner)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 && !isConstant(n.Pipe) && !isNumber(n.Pipe) {
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{
				NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{parse.NewIdentifier(marker(n.Pipe)).SetPos(n.Pos)},
			})
		}
	case *parse.IfNode:
		markBranches(&n.BranchNode)
	case *parse.RangeNode:
		markBranches(&n.BranchNode)
	case *parse.WithNode:
		markBranches(&n.BranchNode)
	}
}

func markBranches(n *parse.BranchNode) {
	markActions(n.List)
	markActions(n.ElseList)
}

// isConstant reports whether nothing of the data can be in what a node gives.
func isConstant(node parse.Node) bool {
	switch n := node.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode, *parse.IdentifierNode:
		return true
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			if !isConstant(command) {
				return false
			}
		}
		return true
	case *parse.CommandNode:
		for _, arg := range n.Args {
			if !isConstant(arg) {
				return false
			}
		}
		return true
	}
	return false
}

// isNumber reports whether a pipeline is {{ .PullRequest }} and nothing else.
func isNumber(pipe *parse.PipeNode) bool {
	if len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return false
	}
	field, ok := pipe.Cmds[0].Args[0].(*parse.FieldNode)
	return ok && len(field.Ident) == 1 && field.Ident[0] == numberName
}

// expandPath executes the template in a path. It refuses a path which the data, not
// the template, leads out of the folder or to another host. In an address what was filled in is escaped.
func expandPath(d TemplateData, input, item string) (string, error) {
	printed, err := expander(d, func(printed string) string { return printed })(input, item)
	if err != nil {
		return "", err
	}
	path := plainSyntax(printed)
	if strings.Count(path, "..") > strings.Count(item, "..") ||
		strings.Count(path, "://") > strings.Count(item, "://") || leadsToAnotherHost(printed) ||
		filepath.IsAbs(path) && !filepath.IsAbs(item) {
		return "", invalidValues("fill in the path of "+input+": "+shownTemplate(item),
			errors.New("what was filled in would lead out of the folder that the template names"),
			"Name the file by {{ .Slug }}, which is safe in a path.")
	}
	return plainSyntax(escapeInAddress(printed, "")), nil
}

// leadsToAnotherHost reports whether text of the data ends the host of an address, or
// begins another one: what is put into a host is a part of its name, and no more.
func leadsToAnotherHost(printed string) bool {
	_, rest, isAddress := strings.Cut(printed, "://")
	for isAddress {
		at := strings.IndexAny(rest, "/?#"+textBegin)
		if at < 0 || rest[at:at+1] != textBegin {
			return false // the host ends
		}
		text, after, _ := cutText(rest[at:])
		if strings.ContainsAny(text, "/?#@:\\[]%") {
			return true
		}
		rest = after
	}
	return false
}

// fileExpander returns the expandFunc for key=path.
func fileExpander(d TemplateData) expandFunc {
	fill := expander(d, func(printed string) string { return setSyntax(escapeInAddress(printed, ",")) })
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
// around it. Of an item that sets a value it says nothing: a password with braces in it
// is no template, and the error would quote what is between them.
func templateProblem(input, item string, err error) error {
	message := "the template in it cannot be filled in"
	switch {
	case errors.Is(err, errTooLong):
		message = errTooLong.Error()
	case input == "values" && !strings.Contains(item, "://"): // a query may be secret
		message = strings.TrimPrefix(err.Error(), "template: "+input+":")
		message = sanitize(goType.ReplaceAllString(message, ""))
	}
	return invalidValues("fill in a template of "+input+keyOf(item), rewordedError{message, err}, templateForm)
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

// keyPath is what the key of a value looks like. A part of a value with = in it mostly
// does not.
var keyPath = regexp.MustCompile(`^[\w.\[\]\\/ -]{1,80}$`)

// noIndex matches what stands in a key's brackets and is no index: of a part of a value, it
// may be the secret.
var noIndex = regexp.MustCompile(`\[\d*[^\]\d][^\]]*`)

// keyOf returns " (key=…)" for an item, or "": the value may be a secret.
func keyOf(item string) string {
	key, _, found := strings.Cut(item, "=")
	if !found || !keyPath.MatchString(key) {
		return ""
	}
	return " (" + sanitize(noIndex.ReplaceAllString(key, "[…")) + "=…)"
}

// invalidValues returns the problem of a values or set input.
func invalidValues(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: tried, Cause: cause, Next: next}
}
