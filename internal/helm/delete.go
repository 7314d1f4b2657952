package helm

import (
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"
)

// Delete deletes a hook, as its delete policy asks. One that runs pods is deleted in
// the foreground, so that it is gone when its pods are: Helm's own leaves them to the
// garbage collector, and what is made next under the name runs beside those that
// ignore SIGTERM, two migrations at a time.
func (c *client) Delete(list kube.ResourceList) (*kube.Result, []error) {
	end := c.timeline.start("Delete %s", refs(list))
	all, errs := &kube.Result{}, []error(nil)
	for policy, part := range byPropagation(list, metav1.DeletePropagationForeground) {
		res, failed := c.DeleteWithPropagationPolicy(part, policy)
		errs = append(errs, failed...)
		if res != nil {
			all.Deleted = append(all.Deleted, res.Deleted...)
		}
	}
	end(nil)
	for _, err := range errs {
		_ = c.noteRefusal(err, "delete a hook of the chart")
	}
	return all, errs
}

// byPropagation returns how each of the objects is to be deleted: as pods says where
// they have pods, and in the background otherwise. What a controller that is not
// Kubernetes' own makes is never waited for: it may make it again as long as its
// owner is there.
func byPropagation(list kube.ResourceList, pods metav1.DeletionPropagation) map[metav1.DeletionPropagation]kube.ResourceList {
	parts := map[metav1.DeletionPropagation]kube.ResourceList{}
	for _, info := range list {
		policy := propagationOf(info, pods)
		parts[policy] = append(parts[policy], info)
	}
	return parts
}

func propagationOf(info *resource.Info, pods metav1.DeletionPropagation) metav1.DeletionPropagation {
	gvk := info.Mapping.GroupVersionKind
	ours := slices.Contains([]string{"apps", "batch"}, gvk.Group) || gvk.Group == "" && gvk.Kind == "ReplicationController"
	if ours {
		return pods
	}
	return metav1.DeletePropagationBackground
}
