package helm

import (
	"maps"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

// deleteAll deletes objects of the release in parallel, but for those that stay. Namespaces
// come last: one stays, too, where an object in it was left, since that would go with it.
// held says of further namespaces why they stay.
func (c *client) deleteAll(list kube.ResourceList, workers int, policy func(*resource.Info) metav1.DeletionPropagation,
	held map[string]string) (done []deletion, errs []error) {
	done, errs = make([]deletion, len(list)), make([]error, len(list))
	each := func(wanted func(*resource.Info) bool, whose func(*resource.Info) stranger) {
		var calls errgroup.Group
		calls.SetLimit(workers)
		for i, info := range list {
			if wanted(info) {
				calls.Go(func() error {
					done[i], errs[i] = deleteOwn(info, policy(info), whose(info))
					return nil // errs has it
				})
			}
		}
		_ = calls.Wait()
	}
	each(func(info *resource.Info) bool { return !isNamespace(info) }, c.stays)
	held = maps.Clone(held)
	for i, info := range list {
		if done[i].left != "" || errs[i] != nil {
			if held == nil {
				held = map[string]string{}
			}
			held[info.Namespace] = nameOf(refOf(info)) + ", which is left, is in it"
		}
	}
	each(isNamespace, func(info *resource.Info) stranger {
		return func(live *unstructured.Unstructured) string {
			if why := c.stays(info)(live); why != "" {
				return why
			}
			return held[info.Name]
		}
	})
	return done, errs
}

func isNamespace(info *resource.Info) bool {
	return info.Mapping.GroupVersionKind.Group == "" && info.Mapping.GroupVersionKind.Kind == "Namespace"
}
