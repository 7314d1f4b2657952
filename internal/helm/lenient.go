package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// lenient is the client that an uninstall runs on. Helm builds all the stored
// objects at once, so that a single kind which the API server has no more keeps
// every one of them from being deleted, for ever
// (https://github.com/helm/helm/issues/8413).
type lenient struct {
	*client
	hooks   []string // the hooks' manifests
	objects string   // all that has to go, as YAML
	missing []string // what went with its kind
}

// Build gives Helm what an uninstall has to delete, whatever it asks for, and
// hooks as they are: one that cannot be run has failed.
func (l *lenient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	asked, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if validate || slices.Contains(l.hooks, string(asked)) {
		return l.client.Build(bytes.NewReader(asked), validate)
	}
	return l.client.Build(strings.NewReader(l.objects), false)
}

// prepare reads the release before anything is written or run.
func (l *lenient) prepare(cfg *action.Configuration, mapper meta.RESTMapper, name string) error {
	rel, err := cfg.Releases.Last(name)
	if err != nil {
		return fmt.Errorf("read the last revision of release %s to uninstall it: %w", name, err)
	}
	for _, h := range rel.Hooks {
		if h != nil {
			l.hooks = append(l.hooks, h.Manifest)
		}
	}
	if l.objects, l.missing, err = inventory(rel.Manifest, mapper); err != nil {
		return fmt.Errorf("list what revision %d of release %s is made of: %w", rel.Version, name, err)
	}
	if !forgetRunHooks(rel) {
		return nil
	}
	if err := cfg.Releases.Update(rel); err != nil {
		return fmt.Errorf("record that the pre-delete hooks of release %s have run: %w", name, err)
	}
	return nil
}

// inventory lists the objects of a manifest that an uninstall deletes, each in
// a version that the API server has, and names those of whose kind it knows
// nothing any more. mapper must tell "no match" from "not known".
//
// Helm deletes no object that has a resource policy, whichever it is, and tells
// of those only whose policy is to keep (https://github.com/helm/helm/issues/12048).
func inventory(stored string, mapper meta.RESTMapper) (objects string, missing []string, err error) {
	_, files, err := releaseutil.SortManifests(releaseutil.SplitManifests(stored), nil, releaseutil.UninstallOrder)
	if err != nil {
		return "", nil, err
	}
	var all strings.Builder
	for _, file := range files {
		found, err := manifest.Parse(file.Content)
		if err != nil {
			return "", nil, err
		}
		for _, o := range found {
			if ownership.KeptByPolicy(o.GetAnnotations()) {
				continue
			}
			gvk := o.GroupVersionKind()
			mapping, err := manifest.MappingFor(mapper, gvk)
			switch {
			case meta.IsNoMatchError(err):
				missing = append(missing, fmt.Sprintf("%s/%s (%s)", gvk.Kind, o.GetName(), gvk.GroupVersion()))
				continue
			case err != nil:
				return "", nil, fmt.Errorf("find the resource of %s %s: %w", gvk.Kind, o.GetName(), err)
			}
			if err := writeName(&all, o, mapping.GroupVersionKind); err != nil {
				return "", nil, err
			}
		}
	}
	return all.String(), missing, nil
}

// writeName writes a document with all that a deletion needs to know.
func writeName(to *strings.Builder, o *unstructured.Unstructured, as schema.GroupVersionKind) error {
	apiVersion, kind := as.ToAPIVersionAndKind()
	document, err := json.Marshal(map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]string{"name": o.GetName(), "namespace": o.GetNamespace()},
	})
	to.WriteString("\n---\n")
	to.Write(document)
	return err
}

// forgetRunHooks takes the event pre-delete from the hooks that ran to their
// end in an uninstall which was cut short after them, and says whether there
// were any. Helm would run them again, though what they need may be deleted by
// now, and then no uninstall would ever come to its end.
func forgetRunHooks(rel *release.Release) bool {
	if rel.Info.Status != release.StatusUninstalling {
		return false
	}
	var ran []*release.Hook
	for _, h := range rel.Hooks {
		if h == nil || !slices.Contains(h.Events, release.HookPreDelete) {
			continue
		}
		// The last one's success is stored when objects begin to be deleted.
		if h.LastRun.Phase != release.HookPhaseSucceeded || h.LastRun.StartedAt.Before(rel.Info.Deleted) {
			return false
		}
		ran = append(ran, h)
	}
	for _, h := range ran {
		h.Events = slices.DeleteFunc(h.Events, func(e release.HookEvent) bool { return e == release.HookPreDelete })
	}
	return len(ran) > 0
}
