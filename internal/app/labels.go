package app

import (
	"strconv"
	"strings"
)

// The labels and annotations of what Berth makes. Labels are for finding, so
// they hold hashes; annotations say in full what the hashes stand for.
const (
	LabelManagedBy  = "app.kubernetes.io/managed-by"
	LabelApp        = "berth.dev/app"
	LabelIdentity   = "berth.dev/identity"
	LabelRepository = "berth.dev/repository"

	AnnotationHost           = "berth.dev/host"
	AnnotationRepository     = "berth.dev/repository"
	AnnotationHeadRepository = "berth.dev/head-repository"
	AnnotationBranch         = "berth.dev/branch"
	AnnotationPullRequest    = "berth.dev/pull-request"
	AnnotationRunURL         = "berth.dev/run-url"
	AnnotationURL            = "berth.dev/url"
	AnnotationRelease        = "berth.dev/release"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "berth"
)

// labels of a namespace that all branches share name no branch: the first one
// would shut the others out.
func (a *App) labels() map[string]string {
	labels := map[string]string{
		LabelManagedBy:  ManagedBy,
		LabelApp:        a.App,
		LabelRepository: a.RepositoryHash,
	}
	if a.PerBranch {
		labels[LabelIdentity] = a.Identity
	}
	return labels
}

func (a *App) annotations() map[string]string {
	all := map[string]string{
		AnnotationHost:       a.Source.Host,
		AnnotationRepository: a.Source.Repository,
	}
	if a.PerBranch {
		all[AnnotationHeadRepository] = a.Source.HeadRepository
		all[AnnotationBranch] = a.Source.Branch
		all[AnnotationRunURL] = a.Source.RunURL
		all[AnnotationURL] = a.URL
		all[AnnotationRelease] = a.Release
		if a.Source.PullRequest > 0 {
			all[AnnotationPullRequest] = strconv.Itoa(a.Source.PullRequest)
		}
	}
	for key, value := range all {
		if value == "" {
			delete(all, key)
			continue
		}
		all[key] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return all
}
