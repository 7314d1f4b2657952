package chart

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
)

// RenderOptions is what templates see besides the values.
type RenderOptions struct {
	Release   string
	Namespace string
	Revision  int
	Upgrade   bool

	Documents    []Document              // the values files that were read, in their order
	SetKeys      []string                // what else was set: image.tag
	Torn         map[string]string       // of that, what may be the rest of a secret; see Values.Torn
	SkipSchema   bool                    // hold the values against no schema
	Capabilities *chartutil.Capabilities // of the cluster; nil means Helm's defaults, an old Kubernetes
	Commit       string                  // that the values name; empty: they name none
	Warn         func(message string)    // takes what is most likely not meant so; may be nil
	Seen         func(document string)   // takes each object that is rendered and no hook; may be nil
	RESTConfig   *rest.Config            // for the function lookup; nil means that it finds nothing
	Defines      func(document string)   // takes each document of the crds folders; may be nil
	LookedUp     func(Lookup)            // where there is no RESTConfig, takes what lookup is called for; may be nil
}

// Render renders the chart and throws the result away, but for the hooks. It refuses what
// Helm would refuse before or after it has written its record: a library chart, a Kubernetes
// version outside the chart's range, values that do not fit the schema, a failing
// template, and documents that are no objects. It ends with ctx, also where a template
// does not. The error is a *problem.Problem, and quotes no value.
func Render(ctx context.Context, a *Archive, values map[string]any, o RenderOptions) ([]*release.Hook, error) {
	tried := sanitize(fmt.Sprintf("render the chart %s %s", a.Name, a.Version))
	hooks, err := aside(ctx, graceTime, func() ([]*release.Hook, error) { return render(ctx, a, values, o, tried) })
	switch known := (*problem.Problem)(nil); {
	case err == nil:
		return hooks, nil
	case errors.As(err, &known):
		known.Place = placeIn(known.Cause, a, o)
		return hooks, err
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, &problem.Problem{Reason: problem.Interrupted, Tried: tried, Cause: ctx.Err()}
	}
	return nil, invalidChart(tried, err, "Look for a template that has no end, or give it more time with timeout.")
}

func render(
	ctx context.Context, a *Archive, values map[string]any, o RenderOptions, tried string,
) (hooks []*release.Hook, err error) {
	defer func() {
		// Helm's chart code panics on some malformed charts.
		if r := recover(); r != nil {
			err = invalidChart(tried, fmt.Errorf("it makes Helm fail: %s", sanitize(maskValues(fmt.Sprint(r), values))),
				"Run `helm template` on it, and simplify Chart.yaml and values.yaml.")
		}
	}()
	c, err := a.Load()
	if err != nil {
		return nil, err
	}
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return nil, invalidChart(tried, fmt.Errorf("a chart of type %s cannot be installed", kind), "Give the application chart that uses it.")
	}
	// Before the dependencies, by import-values, merge what was given into what the chart has.
	rest := torn(o.Torn).unknown(c)
	if o.Warn != nil {
		for _, misfit := range misfits(c, values, rest) {
			o.Warn(maskValues(misfit, values))
		}
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, invalidChart(tried, rewordedError{sanitize(maskValues(err.Error(), values)), err},
			"Correct condition, tags and import-values of the dependencies in Chart.yaml.")
	}
	capabilities := o.Capabilities
	if capabilities == nil {
		capabilities = chartutil.DefaultCapabilities
	}
	capabilities = withOwnKinds(capabilities, c)
	if want, have := c.Metadata.KubeVersion, capabilities.KubeVersion.String(); want != "" && !chartutil.IsCompatibleRange(want, have) {
		return nil, invalidChart(tried, fmt.Errorf("it wants Kubernetes %s and the cluster has %s", want, have),
			"Use another version of the chart, or widen kubeVersion in Chart.yaml.")
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(c, values, chartutil.ReleaseOptions{
		Name: o.Release, Namespace: o.Namespace, Revision: o.Revision, IsUpgrade: o.Upgrade, IsInstall: !o.Upgrade,
	}, capabilities, true)
	if err != nil {
		return nil, invalidChart(tried, rewordedError{sanitize(maskValues(err.Error(), values)), err}, "Correct the values.")
	}
	if !o.SkipSchema {
		if err := checkSchema(ctx, c, top["Values"], rest); err != nil {
			return nil, err
		}
	}
	return renderTemplates(c, top, tried, o)
}

// renderTemplates renders the chart's templates with these top-level values and
// checks the objects that they make. It returns the hooks among them. tried is what an
// error says was tried.
func renderTemplates(c *helmchart.Chart, top chartutil.Values, tried string, o RenderOptions) ([]*release.Hook, error) {
	files, err := runTemplates(c, top, o)
	if err != nil {
		return nil, invalidChart(tried, templateError(err, top["Values"]),
			"Correct the template, or give the value that it needs; `helm template` shows the same.")
	}
	if o.Warn != nil && lacksCommit(files, o.Commit) {
		o.Warn("the values name the commit " + sanitize(o.Commit) + ", and nothing that the chart makes does: " +
			"it is not shown that this commit runs")
	}
	hooks, manifests, err := checkObjects(c, files, o.Defines)
	if err != nil {
		return nil, invalidChart(tried, err, "Correct the template; `helm template` shows what it renders.")
	}
	if o.Seen != nil {
		for _, m := range manifests {
			o.Seen(m.Content)
		}
	}
	if err := checkDefinitions(c.CRDObjects(), tried); err != nil {
		return nil, err
	}
	if err := checkRecords(hooks, manifests, tried); err != nil {
		return nil, err
	}
	return hooks, checkTogether(manifests, tried, o.Namespace)
}

// runTemplates renders the templates.
func runTemplates(c *helmchart.Chart, top chartutil.Values, o RenderOptions) (map[string]string, error) {
	switch {
	case o.RESTConfig != nil:
		return engine.New(o.RESTConfig).Render(c, top)
	case o.LookedUp != nil:
		return engine.RenderWithClientProvider(c, top, noCluster{o.LookedUp})
	}
	return engine.Engine{}.Render(c, top)
}

// invalidChart returns the problem of a chart that cannot be installed.
func invalidChart(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.ChartInvalid, Tried: tried, Cause: cause, Next: next}
}

// checkObjects parses every rendered document and every CRD as Helm will. It returns
// the documents: the hooks, and the others.
func checkObjects(c *helmchart.Chart, files map[string]string, defines func(document string)) (
	[]*release.Hook, []releaseutil.Manifest, error) {
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, "NOTES.txt") })
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, nil, renderedError(err)
	}
	for _, m := range manifests {
		if err := checkObject(m.Name, m.Content); err != nil {
			return nil, nil, &placedError{error: err, file: m.Name}
		}
	}
	for _, h := range hooks {
		if err := checkObject(h.Path, h.Manifest); err != nil {
			return nil, nil, &placedError{error: err, file: h.Path}
		}
	}
	for _, crd := range c.CRDObjects() {
		for _, doc := range releaseutil.SplitManifests(string(crd.File.Data)) {
			if err := checkObject(crd.Filename, doc); err != nil {
				return nil, nil, err
			}
			if defines != nil {
				defines(doc)
			}
		}
	}
	return hooks, manifests, nil
}

// checkObject refuses a document without apiVersion, kind or name.
func checkObject(file, doc string) error {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
		return fmt.Errorf("%s: %w", file, rewordedError{"the rendered YAML, " + yamlError(err), err})
	}
	if object == nil {
		return nil // nothing but comments
	}
	kind, _ := object["kind"].(string)
	version, _ := object["apiVersion"].(string)
	switch {
	case kind == "":
		return fmt.Errorf("%s: an object has no kind", file)
	case version == "":
		return fmt.Errorf("%s: the %s has no apiVersion", file, sanitize(kind))
	case strings.HasSuffix(kind, "List"):
		return nil
	}
	metadata, _ := object["metadata"].(map[string]any)
	for _, field := range []string{"name", "generateName"} {
		switch name := metadata[field].(type) {
		case nil:
		case string:
			if name != "" {
				return nil
			}
		default:
			return fmt.Errorf("%s: metadata.%s of the %s is not text; put it into quotes", file, field, sanitize(kind))
		}
	}
	return fmt.Errorf("%s: the %s has no metadata.name", file, sanitize(kind))
}

var (
	// templatePosition matches "template: web/templates/web.yaml:12:18: ", which the
	// error repeats for each template that includes another. The file of a text run by
	// tpl is "gotpl".
	templatePosition = regexp.MustCompile(`(?:template: |(?:parse|execution) error at \()([^\s:()"]+):(\d+(?::\d+)?)\)?: ?`)
	executing        = regexp.MustCompile(`^executing "[^"]*" at `)
	parsedValue      = regexp.MustCompile(`parsing "(?:[^"\\]|\\.)*"`)
	renderedYAML     = regexp.MustCompile(`(?s)^YAML parse error on (\S+): (.*)$`)
)

// templateError reduces a template's error to its innermost position, the message
// there, and the template that includes that one. What Helm writes in between quotes
// the texts that were given to tpl, and with them values.
func templateError(err error, values any) error {
	full := err.Error()
	positions := templatePosition.FindAllStringSubmatchIndex(full, -1)
	if len(positions) == 0 {
		return rewordedError{sanitize(maskValues(full, asMap(values))), err}
	}
	var outer, inner string
	place := placedError{}
	for _, at := range positions {
		file, line := full[at[2]:at[3]], full[at[4]:at[5]]
		if file == "gotpl" {
			continue
		}
		inner = file + ":" + line
		place.file = file
		place.line, _ = strconv.Atoi(strings.Split(line, ":")[0])
		if outer == "" {
			outer = inner
		}
	}
	message := full[positions[len(positions)-1][1]:]
	message = executing.ReplaceAllString(message, "at ")
	message = parsedValue.ReplaceAllString(message, "parsing the value")
	message = sanitize(maskValues(message, asMap(values)))
	if inner != "" {
		message = inner + ": " + message
	}
	if outer != inner {
		message += " (included by " + outer + ")"
	}
	place.error = rewordedError{message, err}
	return &place
}

// renderedError reduces a YAML error of Helm's to the file and the rule.
func renderedError(err error) error {
	at := renderedYAML.FindStringSubmatch(err.Error())
	if at == nil {
		return sanitizeError(err)
	}
	message := yamlError(err)
	if strings.Contains(at[2], "cannot unmarshal") {
		message = "it is not an object"
	}
	return &placedError{error: rewordedError{at[1] + ": the rendered YAML, " + message, err}, file: at[1]}
}
