package helm

import (
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
)

// Delete deletes a hook, as its delete policy asks, unless it is an object that no hook of
// the release has made, or may not be read. What is made next under the name then fails,
// and says why (explainTaken).
//
// One that runs pods is deleted in the foreground, so that it is gone when its pods are:
// Helm's own leaves them to the garbage collector, and what is made next under the name
// runs beside those that ignore SIGTERM, two migrations at a time.
func (c *client) Delete(list kube.ResourceList) (*kube.Result, []error) {
	defer c.timeline.start("Delete %s", refs(list))(nil)
	res, errs := &kube.Result{}, []error(nil)
	for _, info := range list {
		done, err := c.deleteOwn(info, propagationOf(info, metav1.DeletePropagationForeground), c.notHooks(info))
		if mayNotBeRead(err) {
			done, err = deletion{left: "it may not be read, so that nothing shows whose it is"}, nil
		}
		if err != nil {
			errs = append(errs, c.noteRefusal(err, "delete a hook of the chart"))
			continue
		}
		c.note(info, done)
		if done.uid != "" {
			res.Deleted = append(res.Deleted, info)
		}
	}
	return res, errs
}

// note keeps what became of an object that was to be deleted. The same one may come
// again: a hook is deleted before it is made, and after it has run.
func (c *client) note(info *resource.Info, done deletion) {
	ref := refOf(info)
	delete(c.deleted, ref)
	delete(c.left, ref)
	if done.uid != "" {
		if c.deleted == nil {
			c.deleted = map[facts.Ref]types.UID{}
		}
		c.deleted[ref] = done.uid
	}
	if done.left != "" {
		c.leave(ref, done.left)
	}
}

// propagationOf returns how an object is to be deleted: as pods says where it has pods,
// and in the background otherwise. What a controller that is not Kubernetes' own makes is
// never waited for: it may make it again as long as its owner is there.
func propagationOf(info *resource.Info, pods metav1.DeletionPropagation) metav1.DeletionPropagation {
	gvk := info.Mapping.GroupVersionKind
	ours := slices.Contains([]string{"apps", "batch"}, gvk.Group) || gvk.Group == "" && gvk.Kind == "ReplicationController"
	if ours {
		return pods
	}
	return metav1.DeletePropagationBackground
}
