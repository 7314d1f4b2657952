package helm

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
)

// deleteWorkers is how many objects are deleted in parallel at most.
const deleteWorkers = 8

// uninstallClient is the client of an uninstall.
type uninstallClient struct {
	*client
	hooks        []string             // the manifests of the release's hooks
	recorded     []facts.Hook         // the same, as the record has them
	inventoried                       // what the release consists of
	failures     []error              // of deletions; Helm returns that there were some, and logs them
	told         func([]facts.Object) // see facts.Uninstall.Deleted; nil: nobody
	hookFailures hookFailures
	within       bool // hooks are made in the release's own namespace alone
	pods         bool // see facts.Uninstall
}

// Helm asks for these by type assertion, and does without in silence.
var (
	_ kube.InterfaceDeletionPropagation = (*uninstallClient)(nil)
	_ kube.InterfaceExt                 = (*uninstallClient)(nil)
	_ kube.InterfaceLogs                = (*uninstallClient)(nil)
)

// Build builds hooks as they are: one that cannot be built has failed. For the
// release's manifest it builds c.objects instead. Helm builds all of a manifest or
// nothing, so a single kind that the API server has no more would keep every
// object from being deleted, for ever (https://github.com/helm/helm/issues/8413).
func (c *uninstallClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	manifest, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if validate || slices.Contains(c.hooks, string(manifest)) {
		return c.buildHook(string(manifest), func() (kube.ResourceList, error) {
			return c.client.Build(bytes.NewReader(manifest), validate)
		})
	}
	return c.client.Build(strings.NewReader(c.objects), false)
}

// DeleteWithPropagationPolicy deletes the release's objects. Helm 3 deletes
// whatever bears the names in the manifest. Here what names another owner or was taken over
// from one is left, and what its own policy keeps, whatever the manifest says. policy is
// that of what has pods.
func (c *uninstallClient) DeleteWithPropagationPolicy(list kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	defer c.timeline.start("Delete %s", refs(list))(nil)
	stay, err := c.neededByKept()
	if err != nil {
		c.failures = append(c.failures, err)
		return nil, c.failures
	}
	asPods := func(info *resource.Info) metav1.DeletionPropagation { return propagationOf(info, policy) }
	done, errs := c.deleteAll(list, deleteWorkers, asPods, stay)
	res := &kube.Result{}
	for i, info := range list {
		if errs[i] != nil {
			c.failures = append(c.failures, errs[i])
			continue
		}
		if onPurpose(done[i].left) {
			continue // the proof that the objects are gone names it
		}
		if c.note(info, done[i]); done[i].left == "" {
			res.Deleted = append(res.Deleted, info)
		}
	}
	if c.told != nil {
		c.told(c.going(list))
	}
	return res, c.failures
}

// WaitForDelete waits for what goes before the namespace does.
func (c *uninstallClient) WaitForDelete(list kube.ResourceList, timeout time.Duration) error {
	return c.client.WaitForDelete(list.Filter(func(info *resource.Info) bool { return c.pods || !isVolume(info) }), timeout)
}

// going returns those of the objects that this operation has deleted, as they were then.
func (c *uninstallClient) going(list kube.ResourceList) (going []facts.Object) {
	for _, info := range list {
		if uid := c.deleted[refOf(info)]; uid != "" {
			going = append(going, facts.Object{Ref: refOf(info), UID: string(uid)})
		}
	}
	return going
}
