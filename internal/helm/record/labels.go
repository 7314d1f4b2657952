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

// The labels that Berth's store puts on a record. Helm copies a release's
// labels from one revision to the next, so the first three count only where
// LabelRevision is the record's own revision.
const (
	LabelRun      = "berth.dev/run"
	LabelRevision = "berth.dev/revision"
	LabelDeadline = "berth.dev/deadline" // Unix seconds
)

// The labels that Helm finds its records by.
const (
	labelName       = "name"
	labelOwner      = "owner"
	labelStatus     = "status"
	labelVersion    = "version"
	labelCreatedAt  = "createdAt"
	labelModifiedAt = "modifiedAt"
	ownerHelm       = "helm"
)

var stampLabels = []string{LabelRun, LabelRevision, LabelDeadline}

// labelsOfNew are the labels of a record that is about to be created. Of the
// release's own labels only the user's are taken: system labels and stamps
// among them are left over from the revision before.
func (s *Store) labelsOfNew(rls *release.Release) map[string]string {
	labels := userLabels(rls.Labels)
	setHelmLabels(labels, rls)
	labels[labelCreatedAt] = s.unixNow()
	if s.opts.Identity != "" {
		labels[ownership.LabelIdentity] = s.opts.Identity
	}
	if s.opts.Stamp.Run == "" {
		return labels
	}
	labels[LabelRun] = s.opts.Stamp.Run
	labels[LabelRevision] = strconv.Itoa(rls.Version)
	if !s.opts.Stamp.Deadline.IsZero() {
		labels[LabelDeadline] = strconv.FormatInt(s.opts.Stamp.Deadline.Unix(), 10)
	}
	return labels
}

// labelsOfChanged are the labels of a record that is about to be changed: the
// stored ones, less a stamp that was copied from another revision.
func (s *Store) labelsOfChanged(stored map[string]string, rls *release.Release) map[string]string {
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
	labels[labelModifiedAt] = s.unixNow()
	return labels
}

func (s *Store) unixNow() string { return strconv.FormatInt(s.opts.Now().Unix(), 10) }

func setHelmLabels(labels map[string]string, rls *release.Release) {
	labels[labelName] = rls.Name
	labels[labelOwner] = ownerHelm
	labels[labelStatus] = rls.Info.Status.String()
	labels[labelVersion] = strconv.Itoa(rls.Version)
}

// sameHelmLabels says that two records are the same to Helm's look-ups.
func sameHelmLabels(a, b map[string]string) bool {
	for _, key := range []string{labelName, labelOwner, labelStatus, labelVersion} {
		if a[key] != b[key] {
			return false
		}
	}
	return true
}

// userLabels are the labels that neither Helm nor Berth made.
func userLabels(all map[string]string) map[string]string {
	labels := withoutSystem(all)
	delete(labels, ownership.LabelIdentity)
	for _, key := range stampLabels {
		delete(labels, key)
	}
	return labels
}

func withoutSystem(all map[string]string) map[string]string {
	labels := make(map[string]string, len(all))
	for key, value := range all {
		if !slices.Contains(driver.GetSystemLabels(), key) {
			labels[key] = value
		}
	}
	return labels
}

// stampOf is the stamp on a record of this revision; zero when there is none
// or when it was copied from another one.
func stampOf(labels map[string]string, revision int) facts.Stamp {
	run := labels[LabelRun]
	if run == "" || labels[LabelRevision] != strconv.Itoa(revision) {
		return facts.Stamp{}
	}
	stamp := facts.Stamp{Run: run, Revision: revision}
	if seconds, err := strconv.ParseInt(labels[LabelDeadline], 10, 64); err == nil {
		stamp.Deadline = time.Unix(seconds, 0).UTC()
	}
	return stamp
}
