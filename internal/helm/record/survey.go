package record

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// SurveySelectors returns the selectors by which records of many releases are listed: those of
// Berth's, or all of Helm's. typ is that of a Secret, or "".
func SurveySelectors(kind Kind, all bool) (labelSelector, typ string) {
	if kind == Secrets {
		typ = secretType
	}
	if all {
		return labels.Set{labelOwner: ownerHelm}.String(), typ
	}
	ours, err := labels.NewRequirement(ownership.LabelIdentity, selection.Exists, nil)
	if err != nil { // it is a constant
		return ownership.LabelIdentity, typ
	}
	return ours.String(), typ
}

// ReleaseSelectors returns the label selectors that together select of one release what SurveySelectors
// selects of Berth's: those that carry its name, and those that carry none, of which there are next to
// none.
func ReleaseSelectors(release string) (named, nameless string, err error) {
	ours, err := newSelector(ownership.LabelIdentity, selection.Exists)
	if err != nil {
		return "", "", err
	}
	carry, err := labels.NewRequirement(labelName, selection.In, []string{release, ""})
	if err != nil {
		return "", "", err
	}
	none, err := labels.NewRequirement(labelName, selection.DoesNotExist, nil)
	if err != nil {
		return "", "", err
	}
	return ours.Add(*carry).String(), ours.Add(*none).String(), nil
}

// Surveyed is what a record's metadata says of its release.
type Surveyed struct {
	Release   string
	Revision  int
	Status    facts.Status
	Created   time.Time
	Touched   time.Time
	Misplaced bool // its label names another release than its own name
}

// Survey reads an object's metadata. It is false for what is no record.
func Survey(m facts.Meta) (Surveyed, bool) {
	meta := metav1.ObjectMeta{Name: m.Name, Labels: m.Labels}
	release, revision := identify(&meta)
	if release == "" || revision < 1 {
		return Surveyed{}, false
	}
	return Surveyed{
		Release: release, Revision: revision, Status: facts.Status(m.Labels[labelStatus]), Created: m.Created, Touched: m.Touched,
		Misplaced: m.Labels[labelName] != "" && !isConsistent(&meta),
	}, true
}
