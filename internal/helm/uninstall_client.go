package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// deleteWorkers is how many objects are deleted in parallel at most.
const deleteWorkers = 8

// uninstallClient is the client of an uninstall.
type uninstallClient struct {
	*client
	hooks    []string                // the manifests of the release's hooks
	objects  string                  // the manifest of what is to be deleted
	missing  []string                // objects whose kind the API server has no more
	kept     map[facts.Ref]string    // objects that were not deleted since they are others', and why
	policy   map[facts.Ref]bool      // objects that were not deleted since they are to be kept
	uids     map[facts.Ref]types.UID // of the objects that were deleted
	failures []error                 // of deletions; Helm returns that there were some, and logs them
}

var _ kube.InterfaceDeletionPropagation = (*uninstallClient)(nil)

func newUninstallClient(c *client) *uninstallClient {
	return &uninstallClient{client: c, kept: map[facts.Ref]string{}, policy: map[facts.Ref]bool{}, uids: map[facts.Ref]types.UID{}}
}

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
		return c.client.Build(bytes.NewReader(manifest), validate)
	}
	return c.client.Build(strings.NewReader(c.objects), false)
}

// DeleteWithPropagationPolicy deletes the release's objects. Helm 3 deletes
// whatever bears the names in the manifest. Here each object is read first, kept
// when it names another owner, was taken over from one or is to be kept by its policy,
// whatever the manifest says, and deleted with its UID as a precondition, so that one
// which was created anew in between stays. policy is that of what has pods.
func (c *uninstallClient) DeleteWithPropagationPolicy(list kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, deleteWorkers)
		res   = &kube.Result{}
		errs  []error
	)
	defer c.timeline.start("Delete %s", refs(list))(nil)
	for _, info := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			uid, kept, err := c.deleteOwned(info, propagationOf(info, policy))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, errKept):
				c.policy[refOf(info)] = true
			case err != nil:
				errs = append(errs, err)
			case kept != "":
				c.kept[refOf(info)] = kept
			default:
				c.uids[refOf(info)] = uid
				res.Deleted = append(res.Deleted, info)
			}
		})
	}
	wg.Wait()
	c.failures = errs
	return res, errs
}

// errKept is returned for an object that is to be kept by its policy.
var errKept = errors.New("it is to be kept by its policy")

// deleteOwned deletes one object and returns its UID, or why it was kept. An object
// that does not exist counts as deleted.
func (c *uninstallClient) deleteOwned(info *resource.Info, policy metav1.DeletionPropagation) (uid types.UID, kept string, err error) {
	name := nameOf(refOf(info))
	live, err := readLive(info)
	if err != nil {
		return "", "", fmt.Errorf("read %s in namespace %q before deleting it: %w", name, info.Namespace, err)
	}
	if live == nil {
		return "", "", nil
	}
	if owner := ownerOf(live); owner != c.release {
		return "", fmt.Sprintf("%s was kept: it belongs to %s", name, nameOwner(owner)), nil
	}
	if why := c.takenOver(refOf(info), live); why != "" {
		return "", fmt.Sprintf("%s was kept: %s", name, why), nil
	}
	if ownership.KeptByPolicy(live.GetAnnotations()) {
		return "", "", errKept
	}
	uid = live.GetUID()
	opts := &metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid}}
	if _, err := resource.NewHelper(info.Client, info.Mapping).DeleteWithOptions(info.Namespace, info.Name, opts); err != nil {
		switch {
		case apierrors.IsNotFound(err):
			return uid, "", nil
		case apierrors.IsConflict(err):
			return "", fmt.Sprintf("%s was kept: it was made anew since it was read", name), nil
		}
		return "", "", fmt.Errorf("delete %s in namespace %q: %w", name, info.Namespace, err)
	}
	return uid, "", nil
}

// WaitForDelete waits until the objects are gone, except those that were kept.
func (c *uninstallClient) WaitForDelete(list kube.ResourceList, timeout time.Duration) error {
	deleted := list.Filter(func(info *resource.Info) bool {
		return c.kept[refOf(info)] == "" && !c.policy[refOf(info)]
	})
	return c.waitForDelete(deleted, c.uids, timeout)
}
