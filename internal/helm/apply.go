package helm

import (
	"fmt"

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
//
// As Helm does, it goes on after a patch that failed, to tell of all that do, and
// removes nothing then; and it ends with what cannot be read or made.
func (c *client) apply(update updater, original, target kube.ResourceList, force bool) (*kube.Result, error) {
	defer c.recall()()
	all := &kube.Result{}
	var failed error
	for _, batch := range batches(target) {
		end, err := applyBatch(update, original, batch, force, all)
		failed = and(failed, err)
		if end {
			break
		}
	}
	gone := original.Difference(target)
	if failed != nil || len(gone) == 0 {
		return all, failed
	}
	res, err := update(gone, nil, force)
	return merged(all, res), err
}

// applyBatch updates objects that do not depend on each other. All that were
// begun come to their end, and every error is told, in the manifest's order.
func applyBatch(update updater, original, batch kube.ResourceList, force bool, all *kube.Result) (end bool, failed error) {
	before := make([]kube.ResourceList, len(batch)) // first: to update an object changes what it may share with original
	for i, info := range batch {
		if was := original.Get(info); was != nil {
			before[i] = kube.ResourceList{was}
		}
	}
	results := make([]*kube.Result, len(batch))
	errs := make([]error, len(batch))
	var calls errgroup.Group
	calls.SetLimit(parallelCalls)
	for i, info := range batch {
		calls.Go(func() error {
			results[i], errs[i] = update(before[i], kube.ResourceList{info}, force)
			return nil // each keeps its own
		})
	}
	_ = calls.Wait()
	for i, res := range results {
		merged(all, res)
		failed = and(failed, errs[i])
		end = end || errs[i] != nil && (res == nil || len(res.Updated) == 0)
	}
	return end, failed
}

// and joins errors as Helm does.
func and(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w && %w", a, b)
}

// batches are the runs of one kind. What a manifest has twice is updated in turn.
func batches(list kube.ResourceList) []kube.ResourceList {
	var all []kube.ResourceList
	for i, info := range list {
		if i == 0 || info.Mapping.GroupVersionKind.Kind != list[i-1].Mapping.GroupVersionKind.Kind || all[len(all)-1].Contains(info) {
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
