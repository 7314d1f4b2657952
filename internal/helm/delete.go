package helm

import (
	"fmt"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/ownership"
)

// deleteWorkers bounds how many objects are deleted at once.
const deleteWorkers = 8

// DeleteWithPropagationPolicy deletes the release's objects for an uninstall.
// Helm 3 deletes whatever bears the names in the manifest; here each object is
// read first, left alone when it belongs to somebody else, and deleted with
// its UID as a precondition, so that one which was made anew in between stays.
func (c *client) DeleteWithPropagationPolicy(resources kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, deleteWorkers)
		res   = &kube.Result{}
		errs  []error
	)
	defer c.phase("Delete %s", refs(resources))(nil)
	for _, info := range resources {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			kept, err := c.deleteOwned(info, policy)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				errs = append(errs, err)
			case kept != "":
				c.kept[refs(kube.ResourceList{info})[0]] = kept
			default:
				res.Deleted = append(res.Deleted, info)
			}
		})
	}
	wg.Wait()
	c.undone = errs
	return res, errs
}

// deleteOwned deletes one object, or says why it was kept.
func (c *client) deleteOwned(info *resource.Info, policy metav1.DeletionPropagation) (kept string, err error) {
	name := info.Mapping.GroupVersionKind.Kind + "/" + info.Name
	helper := resource.NewHelper(info.Client, info.Mapping)
	live, err := helper.Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s in namespace %q before deleting it: %w", name, info.Namespace, err)
	}
	o, err := meta.Accessor(live)
	if err != nil {
		return "", fmt.Errorf("read the metadata of %s in namespace %q: %w", name, info.Namespace, err)
	}
	if owner := ownership.OwnerOf(o.GetLabels(), o.GetAnnotations()).String(); owner != c.owner {
		if owner == "" {
			owner = "nobody that it names"
		}
		return fmt.Sprintf("%s was kept: it belongs to %s", name, owner), nil
	}
	uid := o.GetUID()
	opts := &metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid}}
	if _, err := helper.DeleteWithOptions(info.Namespace, info.Name, opts); err != nil {
		switch {
		case apierrors.IsNotFound(err):
			return "", nil
		case apierrors.IsConflict(err):
			return fmt.Sprintf("%s was kept: it was made anew since it was read", name), nil
		}
		return "", fmt.Errorf("delete %s in namespace %q: %w", name, info.Namespace, err)
	}
	return "", nil
}
