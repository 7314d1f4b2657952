package chart

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/berth-dev/berth/internal/problem"
)

// maxFaults bounds the values that are named at once.
const maxFaults = 8

var (
	schemaLine  = regexp.MustCompile(`^\s*- at '((?:[^'\\]|\\.)*)': (.*)$`)
	schemaChart = regexp.MustCompile(`^(\S+):$`)
	gotWant     = regexp.MustCompile(`^got (\w+), want (.+)$`)
	bounds      = regexp.MustCompile(`^(\w+): got .*, want (.+)$`)
	noPattern   = regexp.MustCompile(`(?s)^.* does not match pattern (.+)$`)
	notValid    = regexp.MustCompile(`^.* is not valid ([\w-]+): .*$`)
	aboutNames  = regexp.MustCompile(`^(missing propert|additional properties |properties |invalid propertyName |value must be |items at \d+ and \d+ |false schema|min(Items|Properties)|max(Items|Properties)|min \d+ items|max \d+ items|no items match|'(not|anyOf|oneOf|allOf|enum|const)' failed)`)
)

// checkSchema judges the values by the schemas of the chart and its dependencies.
func checkSchema(c *helmchart.Chart, values any) error {
	err := chartutil.ValidateAgainstSchema(c, plain(values))
	if err == nil {
		return nil
	}
	faults := schemaFaults(c.Name(), err.Error())
	cause := errors.New(strings.Join(faults, "; "))
	if len(faults) == 0 {
		cause = errors.New("a schema (values.schema.json) cannot be used: " + tidy(mask(err.Error(), plain(values))))
	}
	return &problem.Problem{
		Reason: problem.ChartInvalid,
		Tried:  tidy("fit the values to the schema of the chart " + c.Name()),
		Cause:  cause,
		Next:   "Correct the values that are named, in values files or set, or the chart's values.schema.json.",
	}
}

// schemaFaults turns the validator's report into "path: what is wrong", one for
// each value, and never quotes a value. The report is text: Helm hides the
// validator's own error.
func schemaFaults(root, report string) []string {
	var faults []string
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
			faults = append(faults, strings.TrimSuffix(prefix, ".")+": "+tidy(what))
			continue
		}
		at := schemaLine.FindStringSubmatch(line)
		if at == nil || strings.HasSuffix(at[2], "'allOf' failed") {
			continue
		}
		faults = append(faults, valuePath(prefix, at[1])+": "+schemaRule(at[2]))
	}
	if len(faults) > maxFaults {
		faults = append(faults[:maxFaults], fmt.Sprintf("and %d more", len(faults)-maxFaults))
	}
	return faults
}

// valuePath writes a JSON pointer as values are written: image.tag, hosts[0].
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
	return tidy(b.String())
}

// schemaRule keeps the rule and the types and drops the value.
func schemaRule(text string) string {
	if at := gotWant.FindStringSubmatch(text); at != nil {
		return tidy("expected " + at[2] + ", got " + at[1])
	}
	if at := bounds.FindStringSubmatch(text); at != nil {
		return tidy(at[1] + " is " + at[2])
	}
	if at := noPattern.FindStringSubmatch(text); at != nil {
		return tidy("does not match the pattern " + at[1])
	}
	if at := notValid.FindStringSubmatch(text); at != nil {
		return "is not a valid " + at[1]
	}
	if aboutNames.MatchString(text) {
		return tidy(text)
	}
	return "does not fit the schema"
}

// plain is the values as a map, whatever Helm calls their type.
func plain(values any) map[string]any {
	switch v := values.(type) {
	case chartutil.Values:
		return v
	case map[string]any:
		return v
	}
	return nil
}
