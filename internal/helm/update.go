package helm

import (
	"fmt"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
)

// parallelRequests is how many requests an operation has in flight at most.
const parallelRequests = 16

// updateFunc brings one object from what one manifest says to what another says. The
// first need not have it.
type updateFunc func(original, target kube.ResourceList) (*kube.Result, error)

// updateInParallel is Helm's update with the objects of one kind in parallel, and
// the kinds in the manifest's order. Helm updates one object after the other,
// with up to four requests for each: at 20 ms a request, 300 objects take half a
// minute.
//
// As with Helm, a failed patch does not stop it, so that all failures are
// returned, but nothing is dropped then; an object that cannot be read or created
// does stop it.
func updateInParallel(update updateFunc, drop func(kube.ResourceList) *kube.Result, original, target kube.ResourceList) (*kube.Result,
	error) {
	dropped := original.Difference(target) // before an answer takes the place of what was built
	all := &kube.Result{}
	var failed error
	for _, batch := range batches(target) {
		stop, err := updateBatch(update, original, batch, all)
		failed = joinErrors(failed, err)
		if stop {
			break
		}
	}
	if failed == nil && len(dropped) > 0 {
		addResult(all, drop(dropped))
	}
	return all, failed
}

// updateBatch updates objects that do not depend on each other. It waits for all
// of them and joins their errors in the manifest's order. stop says that an
// object could not be read or created.
func updateBatch(update updateFunc, original, batch kube.ResourceList, all *kube.Result) (stop bool, failed error) {
	// Looked up before the first update, which changes objects that original may share.
	before := make([]kube.ResourceList, len(batch))
	for i, info := range batch {
		if was := original.Get(info); was != nil {
			before[i] = kube.ResourceList{was}
		}
	}
	results := make([]*kube.Result, len(batch))
	errs := make([]error, len(batch))
	var calls errgroup.Group
	calls.SetLimit(parallelRequests)
	for i, info := range batch {
		calls.Go(func() error {
			results[i], errs[i] = update(before[i], kube.ResourceList{info})
			return nil // errs has it
		})
	}
	_ = calls.Wait()
	for i, res := range results {
		addResult(all, res)
		failed = joinErrors(failed, errs[i])
		stop = stop || errs[i] != nil && (res == nil || len(res.Updated) == 0)
	}
	return stop, failed
}

// batches cuts a list into runs of one kind. An object that the list has twice
// starts a new batch, so that it is updated twice, in turn, as with Helm: a chart
// with such a list is refused, but a revision that Helm stored may have one, and be
// rolled back to.
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

// joinErrors joins two errors, of which either may be nil, with Helm's text.
func joinErrors(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w && %w", a, b)
}

// addResult adds res, which may be nil, to all.
func addResult(all, res *kube.Result) {
	if res != nil {
		all.Created = append(all.Created, res.Created...)
		all.Updated = append(all.Updated, res.Updated...)
		all.Deleted = append(all.Deleted, res.Deleted...)
	}
}
