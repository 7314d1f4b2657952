package record

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// The labels that make a facts.Stamp. Helm copies a release's labels from one
// revision to the next, so they count only where LabelRevision is the record's own
// revision.
const (
	LabelRun      = "berth.dev/run"
	LabelRevision = "berth.dev/revision"
	labelDeadline = "berth.dev/deadline" // Unix seconds
)

// labelQuarantined is on the copy of a record in quarantine, which is no record,
// and names the release.
const labelQuarantined = "berth.dev/quarantined"

// The labels by which Helm finds its records.
const (
	labelName       = "name"
	labelOwner      = "owner"
	labelStatus     = "status"
	labelVersion    = "version"
	labelCreatedAt  = "createdAt"
	labelModifiedAt = "modifiedAt"
	ownerHelm       = "helm"
)

var stampLabels = []string{LabelRun, LabelRevision, labelDeadline}

// labelsForCreate returns the labels of a record that is about to be created. Of
// the release's own labels it keeps the user's: system labels and stamps among
// them come from the previous revision.
func labelsForCreate(rls *release.Release, stamp facts.Stamp, identity string, now time.Time) map[string]string {
	labels := userLabels(rls.Labels)
	setHelmLabels(labels, rls)
	labels[labelCreatedAt] = unixSeconds(now)
	if identity != "" {
		labels[ownership.LabelIdentity] = identity
	}
	if stamp.Run == "" {
		return labels
	}
	labels[LabelRun] = stamp.Run
	labels[LabelRevision] = strconv.Itoa(rls.Version)
	if !stamp.Deadline.IsZero() {
		labels[labelDeadline] = unixSeconds(stamp.Deadline)
	}
	return labels
}

// labelsForUpdate returns the labels of a record that is about to be updated: the
// stored ones, without a stamp that was copied from another revision, and those
// of the release.
func labelsForUpdate(stored map[string]string, rls *release.Release, now time.Time) map[string]string {
	labels := maps.Clone(stored)
	if labels == nil {
		labels = make(map[string]string)
	}
	if stampOf(stored, rls.Version).Zero() {
		for _, key := range stampLabels {
			delete(labels, key)
		}
	}
	maps.Copy(labels, userLabels(rls.Labels))
	setHelmLabels(labels, rls)
	labels[labelModifiedAt] = unixSeconds(now)
	return labels
}

func unixSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// setHelmLabels sets the labels by which Helm finds the release's record.
func setHelmLabels(labels map[string]string, rls *release.Release) {
	labels[labelName] = rls.Name
	labels[labelOwner] = ownerHelm
	labels[labelStatus] = rls.Info.Status.String()
	labels[labelVersion] = strconv.Itoa(rls.Version)
}

// sameHelmLabels reports whether Helm's selectors find either both or none of two
// records.
func sameHelmLabels(a, b map[string]string) bool {
	for _, key := range []string{labelName, labelOwner, labelStatus, labelVersion} {
		if a[key] != b[key] {
			return false
		}
	}
	return true
}

// userLabels returns the labels that neither Helm nor Berth set.
func userLabels(all map[string]string) map[string]string {
	labels := withoutSystem(all)
	delete(labels, ownership.LabelIdentity)
	for _, key := range stampLabels {
		delete(labels, key)
	}
	return labels
}

// withoutSystem returns the labels that Helm did not set.
func withoutSystem(all map[string]string) map[string]string {
	labels := make(map[string]string, len(all))
	for key, value := range all {
		if !slices.Contains(driver.GetSystemLabels(), key) {
			labels[key] = value
		}
	}
	return labels
}

// believable returns a deadline that time.Unix can hold: one beyond it, or before 1970,
// would come out as some other moment, in the past perhaps. It is then as good as one
// that is far away.
func believable(seconds int64) int64 {
	const far = 1 << 37 // in the year 6325
	if seconds <= 0 || seconds > far {
		return far
	}
	return seconds
}

// stampOf returns the stamp on a record of this revision. It is zero when there
// is none, or when it was copied from another revision.
func stampOf(labels map[string]string, revision int) facts.Stamp {
	run := labels[LabelRun]
	if run == "" || labels[LabelRevision] != strconv.Itoa(revision) {
		return facts.Stamp{}
	}
	stamp := facts.Stamp{Run: run, Revision: revision}
	if seconds, err := strconv.ParseInt(labels[labelDeadline], 10, 64); err == nil {
		stamp.Deadline = time.Unix(believable(seconds), 0).UTC()
	}
	return stamp
}
