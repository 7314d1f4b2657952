package app

import (
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/ownership"
)

// labels returns the labels of the app's namespace. One whose name is the same for all
// branches carries no identity, since that of the first would lock the others out.
func (a *App) labels() map[string]string {
	labels := map[string]string{
		ownership.LabelManagedBy:  ownership.ManagedByBerth,
		ownership.LabelApp:        a.App,
		ownership.LabelRepository: a.RepositoryHash,
	}
	if a.PerBranch {
		labels[ownership.LabelIdentity] = a.Identity
	}
	return labels
}

// annotations returns the annotations of the app's namespace. One whose name is the same
// for all branches carries only those that are the same for each, and who was first.
func (a *App) annotations() map[string]string {
	all := map[string]string{
		ownership.AnnotationHost:       a.Source.Host,
		ownership.AnnotationRepository: a.Source.Repository,
		ownership.AnnotationDeployedBy: a.Identity,
	}
	if a.PerBranch {
		all[ownership.AnnotationHeadRepository] = a.Source.HeadRepository
		all[ownership.AnnotationBranch] = a.Source.Branch
		all[ownership.AnnotationRunURL] = a.Source.RunURL
		all[ownership.AnnotationURL] = a.URL
		all[ownership.AnnotationRelease] = a.Release
		if a.Source.PullRequest > 0 {
			all[ownership.AnnotationPullRequest] = strconv.Itoa(a.Source.PullRequest)
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
