package chart

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/berth-dev/berth/internal/problem"
)

// maxSchemaErrors is how many values are named at most.
const maxSchemaErrors = 8

var (
	schemaLoad   = regexp.MustCompile(`failing loading "(https?://[^"]+)": (.*)`)
	schemaStatus = regexp.MustCompile(`returned status (?:429|5\d\d)\b`)
	schemaLine   = regexp.MustCompile(`^\s*- at '((?:[^'\\]|\\.)*)': (.*)$`)
	schemaChart  = regexp.MustCompile(`^(\S+):$`)
	gotWant      = regexp.MustCompile(`^got (\w+), want (.+)$`)
	bounds       = regexp.MustCompile(`^(\w+): got .*, want (.+)$`)
	noPattern    = regexp.MustCompile(`(?s)^.* does not match pattern (.+)$`)
	notValid     = regexp.MustCompile(`^.* is not valid ([\w-]+): .*$`)
	aboutNames   = regexp.MustCompile(`^(missing propert|additional properties |properties |invalid propertyName |value must be |` +
		`items at \d+ and \d+ |false schema|min(Items|Properties)|max(Items|Properties)|min \d+ items|max \d+ items|` +
		`no items match|'(not|anyOf|oneOf|allOf|enum|const)' failed)`)
)

// checkSchema validates the values against the schemas of the chart and its
// dependencies. rest is what may be the rest of a secret.
func checkSchema(ctx context.Context, c *helmchart.Chart, values any, rest torn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := newSchemaLoader(ctx).validate(c, asMap(values))
	if err == nil {
		return nil
	}
	if strings.Contains(err.Error(), errSchemaFile.Error()) {
		return &problem.Problem{
			Reason: problem.ChartInvalid,
			Tried:  sanitize("fit the values to the schema of the chart " + c.Name()),
			Cause:  errSchemaFile,
			Next: "Move what the $ref names into values.schema.json itself, below $defs, or give skip-schema-validation, " +
				"which holds the values against no schema.",
		}
	}
	if unanswered := schemaNotLoaded(c, err); unanswered != nil {
		return unanswered
	}
	messages := schemaErrors(c.Name(), rest.hide(err.Error()))
	var cause error
	if len(messages) > 0 {
		key, _, _ := strings.Cut(messages[0], ": ")
		cause = &placedError{error: errors.New(strings.Join(messages, "; ")), key: key}
	} else {
		cause = errors.New("a schema (values.schema.json) cannot be used: " + sanitize(maskValues(err.Error(), asMap(values))))
	}
	return &problem.Problem{
		Reason: problem.ChartInvalid,
		Tried:  sanitize("fit the values to the schema of the chart " + c.Name()),
		Cause:  cause,
		Next:   "Correct the values that are named, in values files or set, or the chart's values.schema.json.",
	}
}

// schemaNotLoaded returns the problem of a schema that refers to another one, by
// $ref, which the server there did not give; nil for another error. Where the server
// answered that it has none (404), or with something that is no schema, the chart is
// at fault; HTML is what a proxy or a login page answers.
func schemaNotLoaded(c *helmchart.Chart, err error) error {
	at := schemaLoad.FindStringSubmatch(err.Error())
	if at == nil {
		return nil
	}
	address, why := sanitize(at[1]), at[2]
	p := &problem.Problem{
		Reason: problem.Unanswered,
		Tried:  sanitize("load the schema "+address) + ", to which values.schema.json of the chart " + sanitize(c.Name()) + " refers",
		Cause:  rewordedError{sanitize(why), err},
		Next: "Check that this machine reaches the address (HTTPS_PROXY and NO_PROXY count), and run again; " +
			"or give skip-schema-validation, which holds the values against no schema.",
	}
	switch {
	case strings.Contains(why, "invalid character '<'"):
		p.Cause = rewordedError{"the answer is HTML and no JSON schema, as from a proxy or a login page", err}
	case !strings.HasPrefix(why, "HTTP request failed") && !schemaStatus.MatchString(why):
		p.Reason, p.Next = problem.ChartInvalid,
			"Correct the $ref in the chart's values.schema.json, or give skip-schema-validation, which holds the values against no schema."
	}
	return p
}

// schemaErrors reduces the validator's report to one "path: what is wrong" for each
// value, without the value. It reads the report's text, since Helm hides the
// validator's own error. root is the chart's name.
func schemaErrors(root, report string) []string {
	var messages []string
	prefix := ""
	for line := range strings.Lines(report) {
		line = strings.TrimRight(line, "\r\n")
		if at := schemaChart.FindStringSubmatch(line); at != nil {
			if prefix = at[1] + "."; at[1] == root {
				prefix = ""
			}
			continue
		}
		if what, found := strings.CutPrefix(line, "invalid type for values: "); found {
			messages = append(messages, strings.TrimSuffix(prefix, ".")+": "+sanitize(what))
			continue
		}
		at := schemaLine.FindStringSubmatch(line)
		if len(at) < 3 || strings.HasSuffix(at[2], "'allOf' failed") {
			continue
		}
		messages = append(messages, valuePath(prefix, at[1])+": "+schemaRule(at[2]))
	}
	if len(messages) > maxSchemaErrors {
		messages = append(messages[:maxSchemaErrors], fmt.Sprintf("and %d more", len(messages)-maxSchemaErrors))
	}
	return messages
}

// valuePath returns a JSON pointer as a path of Helm's: image.tag, hosts[0].
func valuePath(prefix, pointer string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(prefix, "."))
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~", `\'`, "'").Replace(part)
		switch {
		case part == "":
		case strings.Trim(part, "0123456789") == "":
			b.WriteString("[" + part + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(part)
		}
	}
	if b.Len() == 0 {
		return "the values"
	}
	return sanitize(b.String())
}

// schemaRule returns the rule and the types of the validator's text, without the
// value. A text that it does not know may hold the value and is dropped.
func schemaRule(text string) string {
	if at := gotWant.FindStringSubmatch(text); at != nil {
		return sanitize("expected " + at[2] + ", got " + at[1])
	}
	if at := bounds.FindStringSubmatch(text); at != nil {
		return sanitize(at[1] + " is " + at[2])
	}
	if at := noPattern.FindStringSubmatch(text); at != nil {
		return sanitize("does not match the pattern " + at[1])
	}
	if at := notValid.FindStringSubmatch(text); at != nil {
		return "is not a valid " + at[1]
	}
	if aboutNames.MatchString(text) {
		return sanitize(text)
	}
	return "does not fit the schema"
}
