package helm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// What the last revision's manifest says is to be kept may not say so itself: an upgrade that failed
// before it wrote the policy leaves the live object without it, and nothing that looks at that alone
// sees that it is to stay.

// mayTakeKept returns whether an object of a kind could take along another one that is to be kept.
func mayTakeKept(gvk schema.GroupVersionKind) bool { return kindTakesAlong(gvk) || kindIsVolume(gvk) }

// neededByKept returns what must not go with the release since something is in it, of its kind or bound
// to it that the manifest says is to be kept. An error says that this cannot be told, so that nothing
// is to be deleted.
func (c *uninstallClient) neededByKept() (n needed, err error) {
	if c.kept == "" || c.foreignGoes {
		return n, nil
	}
	err = c.holdKept(&n, c.kept)
	return n, err
}

// holdKept adds what must not go for what is there of a manifest of objects that are to be kept.
func (c *client) holdKept(n *needed, kept string) error {
	list, err := c.Build(strings.NewReader(kept), false)
	if err != nil {
		return fmt.Errorf("look for what the manifest says is to be kept: %w", err)
	}
	n.begin()
	for _, info := range list {
		live, err := c.readLive(info)
		switch {
		case err != nil: // it may be there
			c.log("whether %s exists, which is to be kept by the manifest, cannot be told: %v", refOf(info), err)
			hold(n.held, info, ", which is to be kept by the manifest and may be there,")
		case live != nil:
			hold(n.held, info, ", which is to be kept by the manifest,")
			n.bind(info, live)
		}
	}
	return nil
}

// keptIn returns the objects that manifests say are to be kept. A manifest that cannot be read has made nothing.
func keptIn(manifests []string) (kept []*unstructured.Unstructured) {
	for _, text := range manifests {
		objects, err := manifest.Parse(spreadPolicies(text))
		if err != nil {
			continue
		}
		for _, o := range objects {
			if of := o.GetAnnotations(); ownership.KeptByPolicy(of) && !ownership.IsHook(of) {
				kept = append(kept, o)
			}
		}
	}
	return kept
}

// isKeptLater reports whether a revision that failed since one was deployed says that an object is to be kept. An
// upgrade starts from the deployed one, which need not say so.
func (c *client) isKeptLater(info *resource.Info) bool {
	return slices.ContainsFunc(c.keptLater, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == info.Mapping.GroupVersionKind.Kind && o.GetName() == info.Name &&
			(info.Namespace == "" || cmp.Or(o.GetNamespace(), c.release.Namespace) == info.Namespace)
	})
}

// holdKeptLater adds what an upgrade must not delete since something is in it, of its kind or bound to it that only
// such a revision says is to be kept. Where that cannot be told, nothing goes that could take it along.
func (c *client) holdKeptLater(n *needed, original kube.ResourceList) {
	takesKept := func(info *resource.Info) bool { return mayTakeKept(info.Mapping.GroupVersionKind) }
	if len(c.keptLater) == 0 || c.mapper == nil || !slices.ContainsFunc(original, takesKept) {
		return
	}
	n.begin()
	mapper, err := c.mapper()
	var text string
	if err == nil {
		text, _, err = identities(c.keptLater, mapper)
	}
	if err == nil {
		err = c.holdKept(n, text)
	}
	if err == nil {
		return
	}
	why := "what a revision that failed says is to be kept may need it: " + err.Error()
	for _, info := range original {
		if takesKept(info) {
			n.held[info.Name], n.bound[info.Name] = why, why
		}
	}
}

// begin makes the maps of what is held.
func (n *needed) begin() {
	if n.held == nil {
		n.held = map[string]string{}
	}
	if n.bound == nil {
		n.bound = map[string]string{}
	}
}

// bind notes the volume that a claim is bound to: once that is being deleted, nothing takes it back, and
// it goes with the claim, whenever that is.
func (n needed) bind(info *resource.Info, live *unstructured.Unstructured) {
	if !isClaim(info) {
		return
	}
	if volume, _, _ := unstructured.NestedString(live.Object, "spec", "volumeName"); volume != "" {
		n.bound[volume] = nameOf(refOf(info)) + ", which is to be kept by the manifest, is bound to it"
	}
}
