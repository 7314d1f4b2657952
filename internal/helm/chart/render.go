package chart

import (
	"fmt"
	"maps"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
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

	Capabilities *chartutil.Capabilities // of the cluster; nil: Helm's defaults, an old Kubernetes
	RESTConfig   *rest.Config            // for lookup; nil: it finds nothing
}

// Render renders the chart and throws the result away. It refuses what Helm
// would refuse before or after it has written its record: a library chart, a
// Kubernetes version outside the chart's range, values that do not fit the
// schema, a template's error, and objects that are no objects.
func Render(a *Archive, values map[string]any, o RenderOptions) (err error) {
	tried := tidy(fmt.Sprintf("render the chart %s %s", a.Name, a.Version))
	defer func() {
		// Helm's chart code takes some malformed charts for well formed.
		if r := recover(); r != nil {
			err = refuse(tried, fmt.Errorf("it makes Helm fail: %s", tidy(mask(fmt.Sprint(r), values))), "Run `helm template` on it, and simplify Chart.yaml and values.yaml.")
		}
	}()
	c, err := a.Load()
	if err != nil {
		return err
	}
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return refuse(tried, fmt.Errorf("a chart of type %s cannot be installed", kind), "Give the application chart that uses it.")
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return refuse(tried, reworded{tidy(mask(err.Error(), values)), err}, "Correct condition, tags and import-values of the dependencies in Chart.yaml.")
	}
	capabilities := o.Capabilities
	if capabilities == nil {
		capabilities = chartutil.DefaultCapabilities
	}
	if want, have := c.Metadata.KubeVersion, capabilities.KubeVersion.String(); want != "" && !chartutil.IsCompatibleRange(want, have) {
		return refuse(tried, fmt.Errorf("it wants Kubernetes %s and the cluster has %s", want, have), "Use another version of the chart, or widen kubeVersion in Chart.yaml.")
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(c, values, chartutil.ReleaseOptions{
		Name: o.Release, Namespace: o.Namespace, Revision: o.Revision, IsUpgrade: o.Upgrade, IsInstall: !o.Upgrade,
	}, capabilities, true)
	if err != nil {
		return refuse(tried, reworded{tidy(mask(err.Error(), values)), err}, "Correct the values.")
	}
	if err := checkSchema(c, top["Values"]); err != nil {
		return err
	}
	e := engine.Engine{}
	if o.RESTConfig != nil {
		e = engine.New(o.RESTConfig)
	}
	files, err := e.Render(c, top)
	if err != nil {
		return refuse(tried, templateFault(err, top["Values"]), "Correct the template, or give the value that it needs; `helm template` shows the same.")
	}
	if err := checkObjects(c, files); err != nil {
		return refuse(tried, err, "Correct the template; `helm template` shows what it renders.")
	}
	return nil
}

func refuse(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.ChartInvalid, Tried: tried, Cause: cause, Next: next}
}

// checkObjects reads every rendered document as Helm will.
func checkObjects(c *helmchart.Chart, files map[string]string) error {
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, "NOTES.txt") })
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return renderedFault(err)
	}
	for _, m := range manifests {
		if err := checkObject(m.Name, m.Content); err != nil {
			return err
		}
	}
	for _, h := range hooks {
		if err := checkObject(h.Path, h.Manifest); err != nil {
			return err
		}
	}
	for _, crd := range c.CRDObjects() {
		for _, doc := range releaseutil.SplitManifests(string(crd.File.Data)) {
			if err := checkObject(crd.Filename, doc); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkObject wants what the API server needs to tell one object from another.
func checkObject(file, doc string) error {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
		return fmt.Errorf("%s: %w", file, reworded{"the rendered YAML, " + yamlFault(err), err})
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
		return fmt.Errorf("%s: the %s has no apiVersion", file, tidy(kind))
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
			return fmt.Errorf("%s: metadata.%s of the %s is not text; put it into quotes", file, field, tidy(kind))
		}
	}
	return fmt.Errorf("%s: the %s has no metadata.name", file, tidy(kind))
}
