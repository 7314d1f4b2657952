package chart

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"

	"github.com/berth-dev/berth/internal/manifest"
)

// identity is what makes two documents the same object, whatever their API version.
type identity struct{ group, kind, namespace, name string }

// checkTogether refuses objects that cannot be deployed beside each other, or in their
// own release. Hooks may share a name, since they run one after the other. tried is what
// an error says was tried, and namespace is the release's.
func checkTogether(manifests []releaseutil.Manifest, tried, namespace string) error {
	seen := map[identity]string{} // the file
	for _, m := range manifests {
		objects, err := manifest.ParseDocument([]byte(m.Content))
		if err != nil {
			continue // the API server says what it does not take
		}
		for _, o := range objects {
			kind, name := o.GroupVersionKind(), sanitize(o.GetName())
			if kind.Group == "" && kind.Kind == "Namespace" && o.GetName() == namespace {
				return invalidChart(tried, fmt.Errorf("%s: the chart brings Namespace %s, which is its own release's", m.Name, name),
					"Remove it from the chart: the record is stored in that namespace before any object is made, and would go with it when the "+
						"release is uninstalled. Give its labels as namespace-label; Berth makes it.")
			}
			if o.GetName() == "" {
				continue // it has generateName
			}
			id := identity{kind.Group, kind.Kind, cmp.Or(o.GetNamespace(), namespace), o.GetName()}
			if first, twice := seen[id]; twice {
				where := "twice in " + m.Name
				if first != m.Name {
					where = "in it twice: in " + first + " and in " + m.Name
				}
				return invalidChart(tried, fmt.Errorf("%s/%s is %s", sanitize(kind.Kind), name, where),
					"Rename or remove one of the two: an install fails at the second, and after an upgrade the last one counts.")
			}
			seen[id] = m.Name
		}
	}
	return nil
}

// checkRecords refuses objects that Helm, and Berth, would take for the record of a release: whoever writes a chart would
// say in one what they like of a release, and nothing of that was deployed.
func checkRecords(hooks []*release.Hook, manifests []releaseutil.Manifest, tried string) error {
	files := map[string][]string{}
	for _, m := range manifests {
		files[m.Name] = append(files[m.Name], m.Content)
	}
	for _, h := range hooks {
		files[h.Path] = append(files[h.Path], h.Manifest)
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, text := range files[file] {
			objects, err := manifest.ParseDocument([]byte(text))
			if err != nil {
				continue // the API server says what it does not take
			}
			for _, o := range objects {
				if manifest.IsRecord(o) {
					return invalidChart(tried, fmt.Errorf("%s: the chart brings %s/%s, which Helm takes for the record of a release", file,
						sanitize(o.GetKind()), sanitize(o.GetName())), "Remove it from the chart, or give it another name, type and label.")
				}
			}
		}
	}
	return nil
}

// checkDefinitions refuses what is no definition in the crds folders. Helm makes whatever is in them, without the
// release's marks: such an object would belong to nobody, or to whom it says itself, and no teardown would delete it.
func checkDefinitions(files []helmchart.CRD, tried string) error {
	for _, f := range files {
		for _, text := range releaseutil.SplitManifests(string(f.File.Data)) {
			objects, err := manifest.ParseDocument([]byte(text))
			if err != nil {
				continue // the API server says what it does not take
			}
			for _, o := range objects {
				if !manifest.IsDefinition(o.GroupVersionKind().GroupKind()) {
					return invalidChart(tried, fmt.Errorf("%s: the crds folder holds %s/%s, which is no CustomResourceDefinition", f.Filename,
						sanitize(o.GetKind()), sanitize(o.GetName())),
						"Move it to templates: what is made of crds belongs to no release, and no teardown would delete it.")
				}
			}
		}
	}
	return nil
}
