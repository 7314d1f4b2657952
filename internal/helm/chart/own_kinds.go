package chart

import (
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/releaseutil"

	"github.com/berth-dev/berth/internal/manifest"
)

// withOwnKinds returns the capabilities with what the CRDs in the chart's crds folders
// will add, which are made before Helm renders: a chart may ask for its own kinds. A
// CRD that exists is never changed, so where the API server has its kind already, the
// chart's versions of it are not added.
func withOwnKinds(known *chartutil.Capabilities, c *helmchart.Chart) *chartutil.Capabilities {
	var added chartutil.VersionSet
	for _, crd := range c.CRDObjects() {
		for _, document := range releaseutil.SplitManifests(string(crd.File.Data)) {
			objects, err := manifest.ParseDocument([]byte(document))
			if err != nil {
				continue // checkObjects names it
			}
			for _, o := range objects {
				for _, k := range manifest.DefinedKinds(o) {
					if !serves(known.APIVersions, k.Group, k.Kind) {
						added = append(added, k.GroupVersion().String(), k.GroupVersion().String()+"/"+k.Kind)
					}
				}
			}
		}
	}
	if len(added) == 0 {
		return known
	}
	more := known.Copy()
	more.APIVersions = append(slices.Clone(known.APIVersions), added...)
	return more
}

// serves reports whether a kind is among the API versions, in whatever version.
func serves(versions chartutil.VersionSet, group, kind string) bool {
	return slices.ContainsFunc(versions, func(v string) bool {
		return strings.HasPrefix(v, group+"/") && strings.HasSuffix(v, "/"+kind)
	})
}
