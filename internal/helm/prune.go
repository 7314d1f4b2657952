package helm

import (
	"sync"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/manifest"
)

// prunedRecords is the record store of an operation, which asks it to delete a record only to
// keep the history short. One stays that alone tells of an object: it failed, and until a
// deploy goes well and sweeps what it left, nothing else would find that.
type prunedRecords struct {
	driver.Driver
	release   string
	namespace string
	log       func(format string, args ...any)
	// statuses returns how each revision ended, by its record's key, as one list of them
	// says. What is pruned is old, and ends no other way while the operation goes on.
	statuses func() map[string]release.Status
}

func newPrunedRecords(d driver.Driver, name, namespace string, log func(string, ...any)) *prunedRecords {
	r := &prunedRecords{Driver: d, release: name, namespace: namespace, log: log}
	r.statuses = sync.OnceValue(func() map[string]release.Status {
		all := map[string]release.Status{}
		history, err := r.history()
		if err != nil {
			return all
		}
		for _, rls := range history {
			all[record.Key(name, rls.Version)] = rls.Info.Status
		}
		return all
	})
	return r
}

func (r *prunedRecords) history() ([]*release.Release, error) {
	return r.Query(map[string]string{"name": r.release, "owner": "helm"})
}

// Delete deletes a record, or leaves it until it tells nothing more. One that ended well is
// not read for that.
func (r *prunedRecords) Delete(key string) (*release.Release, error) {
	if status, known := r.statuses()[key]; known && endedWell(status) {
		return r.Driver.Delete(key)
	}
	rls, err := r.Get(key)
	if err != nil || !r.aloneTells(rls) {
		return r.Driver.Delete(key)
	}
	r.log("%s is kept: it alone tells of objects that a revision which failed may have left", key)
	return rls, nil
}

// aloneTells returns whether a revision failed, no deploy after it went well, and it has an
// object that no later revision has.
func (r *prunedRecords) aloneTells(rls *release.Release) bool {
	if endedWell(rls.Info.Status) {
		return false
	}
	history, err := r.history()
	if err != nil {
		return false
	}
	told := map[facts.Ref]bool{}
	for _, later := range history {
		if later.Version <= rls.Version {
			continue
		}
		whole, err := r.Get(record.Key(r.release, later.Version))
		if err != nil {
			continue // it tells nothing
		}
		if endedWell(whole.Info.Status) && facts.Swept(whole.Info.Description) { // a rollback, say, sweeps nothing
			return false
		}
		for _, ref := range r.objectsOf(whole) {
			told[ref] = true
		}
	}
	for _, ref := range r.objectsOf(rls) {
		if !told[ref] {
			return true
		}
	}
	return false
}

func endedWell(status release.Status) bool {
	switch status {
	case release.StatusDeployed, release.StatusSuperseded, release.StatusUninstalled:
		return true
	case release.StatusFailed, release.StatusUnknown, release.StatusUninstalling, release.StatusPendingInstall, release.StatusPendingUpgrade,
		release.StatusPendingRollback:
	}
	return false
}

// objectsOf returns what a manifest names, in whatever version. One that cannot be read has made
// nothing.
func (r *prunedRecords) objectsOf(rls *release.Release) (refs []facts.Ref) {
	objects, err := manifest.Parse(rls.Manifest)
	if err != nil {
		return nil
	}
	for _, o := range objects {
		ref := facts.Ref{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
		if ref.Namespace == r.namespace {
			ref.Namespace = ""
		}
		refs = append(refs, ref)
	}
	return refs
}
