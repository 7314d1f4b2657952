package helm

import (
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"
)

// updater is one of Helm's two ways to bring objects to what a manifest says.
type updater func(original, target kube.ResourceList, force bool) (*kube.Result, error)

// apply is Helm's update with the objects of a kind in parallel, kind after kind
// in the manifest's order, as Helm itself creates them. Helm updates one object
// at a time, with up to four requests for each: at 20 ms for a request, 300
// objects take half a minute.
func (c *client) apply(update updater, original, target kube.ResourceList, force bool) (*kube.Result, error) {
	defer c.recall()()
	all := &kube.Result{}
	for _, batch := range batches(target) {
		err := applyBatch(update, original, batch, force, all)
		if err != nil {
			return all, err
		}
	}
	gone := original.Difference(target)
	if len(gone) == 0 {
		return all, nil
	}
	res, err := update(gone, nil, force)
	return merged(all, res), err
}

// applyBatch updates objects that do not depend on each other. All that were
// begun come to their end; the first error in the manifest's order is returned.
func applyBatch(update updater, original, batch kube.ResourceList, force bool, all *kube.Result) error {
	results := make([]*kube.Result, len(batch))
	errs := make([]error, len(batch))
	var calls errgroup.Group
	calls.SetLimit(parallelCalls)
	for i, info := range batch {
		calls.Go(func() error {
			var before kube.ResourceList
			if was := original.Get(info); was != nil {
				before = kube.ResourceList{was}
			}
			results[i], errs[i] = update(before, kube.ResourceList{info}, force)
			return errs[i]
		})
	}
	_ = calls.Wait()
	for _, res := range results {
		merged(all, res)
	}
	at := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if at < 0 {
		return nil
	}
	return errs[at]
}

// batches are the runs of one kind.
func batches(list kube.ResourceList) []kube.ResourceList {
	var all []kube.ResourceList
	for i, info := range list {
		if i == 0 || info.Mapping.GroupVersionKind.Kind != list[i-1].Mapping.GroupVersionKind.Kind {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], info)
	}
	return all
}

// merged adds a result, which may be nil, to all.
func merged(all, res *kube.Result) *kube.Result {
	if res != nil {
		all.Created = append(all.Created, res.Created...)
		all.Updated = append(all.Updated, res.Updated...)
		all.Deleted = append(all.Deleted, res.Deleted...)
	}
	return all
}

// look reads an install's objects all at once, since Helm is about to read them
// one by one, to see whose those are that exist. It finds these answers until it
// makes the first object.
func (c *client) look(built kube.ResourceList) {
	c.looks, c.looked = false, c.recall()
	var reads errgroup.Group
	reads.SetLimit(parallelCalls)
	for _, info := range built {
		reads.Go(func() error {
			// Whatever comes of it, Helm meets it again.
			_, _ = resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
			return nil
		})
	}
	_ = reads.Wait()
}
