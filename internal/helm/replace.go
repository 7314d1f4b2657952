package helm

import (
	"slices"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/helm/record"
)

// replacedRecords is the record store of an install that may go over stored revisions.
//
// Helm records the revision that was uninstalled as superseded then, by which all that tells of the
// uninstall is gone: the revision would pass for one that may be gone back to, and whose objects the release
// has. It stays uninstalled.
type replacedRecords struct {
	driver.Driver
	uninstalled map[int]bool // the revisions that were seen to be
}

// Query returns revisions, of which those are uninstalled that Helm has recorded as superseded since:
// Helm replaces no other.
func (r *replacedRecords) Query(labels map[string]string) ([]*release.Release, error) {
	found, err := r.Driver.Query(labels)
	found = slices.Clone(found)
	for i, rls := range found {
		if rls.Info == nil || rls.Info.Status != release.StatusUninstalled && !record.WasReplaced(rls) {
			continue
		}
		own, info := *rls, *rls.Info
		info.Status, own.Info = release.StatusUninstalled, &info
		found[i], r.uninstalled[rls.Version] = &own, true
	}
	return found, err
}

// Update stores a revision. It drops the write that has one replaced which was uninstalled.
func (r *replacedRecords) Update(key string, rls *release.Release) error {
	if r.uninstalled[rls.Version] && rls.Info.Status == release.StatusSuperseded {
		return nil
	}
	return r.Driver.Update(key, rls)
}
