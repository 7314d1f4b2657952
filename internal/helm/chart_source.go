package helm

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/secrets"
)

// ChartSource holds the run's chart and values, and what the API server offers,
// by which the chart is rendered.
type ChartSource struct {
	opts         Options
	open         func(ctx context.Context) (Backend, error)
	archive      *chart.Archive
	values       map[string]any
	documents    []chart.Document               // the values files that were read
	hooks        []facts.Hook                   // of the chart, as rendered last
	rendered     []string                       // its other objects
	defined      []string                       // what its crds folders hold
	asked        askedFor                       // what its templates have looked up, where that is noted
	warned       map[string]bool                // what was warned of: the chart may be rendered again
	capabilities *chartutil.Capabilities        // nil until they are known
	discovering  <-chan *chartutil.Capabilities // of Fetch; it sends nil where discovery failed
}

// Fetch reads the chart and its values into memory. Meanwhile it asks the API
// server for its version and API versions, which Render needs. It needs no
// permission, so it may run beside the preflight.
func (s *ChartSource) Fetch(ctx context.Context) error {
	discovering := make(chan *chartutil.Capabilities, 1)
	go func() {
		known, _ := s.discover(ctx) // on an error, Render asks again and returns its error
		discovering <- known
	}()
	s.discovering = discovering
	return s.read(ctx)
}

// read reads the chart and its values into memory.
func (s *ChartSource) read(ctx context.Context) error {
	given := s.opts.Values
	given.Seen = func(d chart.Document) { s.documents = append(s.documents, d) }
	values, err := chart.Merge(ctx, given)
	if err != nil {
		return err
	}
	s.opts.Mask.Find(secrets.InValues(values)...)
	archive, err := chart.Fetch(ctx, s.opts.Source)
	if err != nil {
		return err
	}
	s.archive, s.values = archive, values
	return nil
}

// ChartName returns the name of the chart that was fetched, or "".
func (s *ChartSource) ChartName() string {
	if s.archive == nil {
		return ""
	}
	return s.archive.Name
}

// Render does what Helm could fail in, before anything is written: it works out
// the dependencies, validates the values against the schema and renders the
// templates as revision. It returns the chart's hooks, and keeps them, to see whose the
// objects of their names are; the operation renders anew.
func (s *ChartSource) Render(ctx context.Context, revision int, upgrade bool) ([]facts.Hook, error) {
	backend, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.awaitCapabilities(ctx, backend.Getter); err != nil {
		return nil, err
	}
	config, err := lookups{backend.Getter, manifest.NewSensitive(s.opts.Mask)}.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	if s.opts.AsksAhead {
		s.asked.forget()
		config.Wrap(s.asked.noting)
	}
	var rendered, defined []string
	hooks, err := chart.Render(ctx, s.archive, s.values, chart.RenderOptions{
		Seen:    func(document string) { rendered = append(rendered, document) },
		Defines: func(document string) { defined = append(defined, document) },
		Release: s.opts.Release, Namespace: s.opts.Namespace, Revision: revision, Upgrade: upgrade,
		Commit: s.commit(), Warn: s.warn,
		Documents: s.documents, SetKeys: s.opts.Values.SetKeys(), Torn: s.opts.Values.Torn(), SkipSchema: s.opts.SkipSchema,
		Capabilities: s.capabilities, RESTConfig: config,
	})
	s.hooks, s.rendered, s.defined = record.Hooks(hooks), rendered, defined
	return s.hooks, err
}

// MakesSecret returns whether the chart, as rendered last, makes a Secret of this name in the
// release's namespace, as a hook or not.
func (s *ChartSource) MakesSecret(name string) bool {
	documents := s.rendered
	for _, h := range s.hooks {
		documents = append(documents[:len(documents):len(documents)], h.Manifest)
	}
	return slices.ContainsFunc(documents, func(document string) bool {
		objects, _ := manifest.Parse(document) // what cannot be parsed is not made either
		return slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool {
			return o.GetKind() == "Secret" && o.GetName() == name && (o.GetNamespace() == "" || o.GetNamespace() == s.opts.Namespace)
		})
	})
}

// commit returns the commit that the values name, or "".
func (s *ChartSource) commit() string {
	if !s.opts.Values.NamesCommit() {
		return ""
	}
	return s.opts.Values.Data["SHA"]
}

// warn tells once of what the values or the chart are most likely not meant to be.
func (s *ChartSource) warn(message string) {
	if s.opts.Warn == nil || s.warned[message] {
		return
	}
	if s.warned == nil {
		s.warned = map[string]bool{}
	}
	s.warned[message] = true
	s.opts.Warn("Values that do not fit the chart", message)
}

// hooksIn returns the manifests of the chart's hooks that a deploy runs.
func (s *ChartSource) hooksIn(mode facts.DeployMode) []string {
	return hooksAt(s.hooks, eventsOf(mode)...)
}

// eventsOf returns the events at which a deploy runs hooks.
func eventsOf(mode facts.DeployMode) []release.HookEvent {
	if mode == facts.ModeUpgrade {
		return []release.HookEvent{release.HookPreUpgrade, release.HookPostUpgrade}
	}
	return []release.HookEvent{release.HookPreInstall, release.HookPostInstall}
}

// Refresh drops what is known of the API server. Call it when this run has
// waited for another one, which may have created CRDs that the chart asks for.
func (s *ChartSource) Refresh() {
	if s.discovering != nil {
		<-s.discovering // a discovery still under way would fill the cache again with the old answer
	}
	s.discovering, s.capabilities = nil, nil
	s.opts.Rediscover()
}

// load returns a chart and values of their own for one operation: Helm changes
// both while it works out the dependencies.
func (s *ChartSource) load() (*helmchart.Chart, map[string]any, error) {
	c, err := s.archive.Load()
	if err != nil {
		return nil, nil, err
	}
	return c, chartutil.Values(s.values).AsMap(), nil
}

// awaitCapabilities takes the capabilities that Fetch began to ask for, or asks
// itself where Fetch got no answer.
func (s *ChartSource) awaitCapabilities(ctx context.Context, g genericclioptions.RESTClientGetter) (err error) {
	if s.capabilities == nil && s.discovering != nil {
		select {
		case s.capabilities = <-s.discovering:
			s.discovering = nil
		case <-ctx.Done():
			return fmt.Errorf("ask the API server what it offers: %w", context.Cause(ctx))
		}
	}
	if s.capabilities == nil {
		if s.capabilities, err = discoverCapabilities(g); err != nil {
			return withReason(err)
		}
	}
	return nil
}

func (s *ChartSource) discover(ctx context.Context) (*chartutil.Capabilities, error) {
	backend, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return discoverCapabilities(backend.Getter)
}

// discoverCapabilities returns the API server's version and API versions, from
// the run's one discovery cache. Without capabilities in its configuration, Helm
// would invalidate that cache and ask again for each operation.
func discoverCapabilities(g action.RESTClientGetter) (*chartutil.Capabilities, error) {
	dc, err := g.ToDiscoveryClient()
	if err != nil {
		return nil, fmt.Errorf("make a discovery client: %w", err)
	}
	var v *version.Info
	var versions chartutil.VersionSet
	var calls errgroup.Group
	calls.Go(func() (err error) {
		if v, err = dc.ServerVersion(); err != nil {
			return fmt.Errorf("ask the API server for its version: %w", err)
		}
		return nil
	})
	calls.Go(func() (err error) {
		if versions, err = action.GetVersionSet(dc); err != nil {
			return fmt.Errorf("ask the API server for its API versions: %w", err)
		}
		return nil
	})
	if err := calls.Wait(); err != nil {
		return nil, err
	}
	known := &chartutil.Capabilities{
		KubeVersion: chartutil.KubeVersion{Version: v.GitVersion, Major: v.Major, Minor: v.Minor},
		APIVersions: versions,
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}
	known.HelmVersion.Version = sdkVersion
	return known, nil
}

// sdkVersion is the version of Helm's library, which a chart may ask for. The library
// itself knows no patch version: Helm's own build tells it to the command line alone.
const sdkVersion = "v3.22.0"
