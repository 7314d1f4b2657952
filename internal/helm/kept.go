package helm

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
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
	list, err := c.client.Build(strings.NewReader(c.kept), false)
	if err != nil {
		return n, fmt.Errorf("look for what the manifest says is to be kept: %w", err)
	}
	n.held, n.bound = map[string]string{}, map[string]string{}
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
	return n, nil
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
