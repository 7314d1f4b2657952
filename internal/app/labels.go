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
	if !a.PerBranch {
		return withoutEmpty(map[string]string{
			ownership.AnnotationHost:       a.Source.Host,
			ownership.AnnotationRepository: a.Source.Repository,
			ownership.AnnotationDeployedBy: a.Identity,
		})
	}
	all := a.Origin()
	all[ownership.AnnotationDeployedBy] = a.Identity
	all[ownership.AnnotationRunURL] = a.Source.RunURL
	all[ownership.AnnotationURL] = a.URL
	all[ownership.AnnotationRelease] = a.Release
	return withoutEmpty(all)
}

// Origin returns the annotations that say which branch something is for. They are on
// the branch's own namespace and on every record: a fork that is gone is found by
// them, and two branches that meet are told apart.
func (a *App) Origin() map[string]string {
	all := map[string]string{
		ownership.AnnotationHost:           a.Source.Host,
		ownership.AnnotationRepository:     a.Source.Repository,
		ownership.AnnotationHeadRepository: a.Source.HeadRepository,
		ownership.AnnotationBranch:         a.Source.Branch,
	}
	if a.Source.PullRequest > 0 {
		all[ownership.AnnotationPullRequest] = strconv.Itoa(a.Source.PullRequest)
	}
	return withoutEmpty(all)
}

// withoutEmpty removes what is empty and makes the rest valid UTF-8.
func withoutEmpty(all map[string]string) map[string]string {
	for key, value := range all {
		if value == "" {
			delete(all, key)
			continue
		}
		all[key] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return all
}
