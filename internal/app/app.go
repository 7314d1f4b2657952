// Package app names the review app of a branch: its slug, namespace, release,
// URL, identity, labels and annotations.
//
// It is pure: the same branch gets the same names on every runner and on a
// laptop. Names that are too long are refused and never cut, since a cut name
// could be another branch's.
package app

import (
	"maps"
	"strconv"
)

// Source is the branch that a review app is for.
type Source struct {
	Host           string // of the platform: github.com
	Repository     string // owner/name of the base repository
	HeadRepository string // owner/name that the branch lives in; empty means Repository
	Branch         string // untrusted text
	App            string // empty means the repository's name
	Slug           string // empty means one that is made from the branch
	SHA            string
	PullRequest    int    // number; 0 means none
	RunURL         string // of the run that asks; only an annotation
}

// fromFork reports whether the branch lives in another repository, by what Identity
// goes by.
func (s Source) fromFork() bool {
	return s.HeadRepository != "" && fold(s.HeadRepository) != fold(s.Repository)
}

// App is a review app with all its names.
type App struct {
	Source         Source // as given, with HeadRepository filled in
	App            string
	Slug           string
	Namespace      string
	Release        string
	URL            string // empty without a URL template
	Host           string // host name of URL
	Identity       string // hash of host, repositories and branch; a label value
	RepositoryHash string // hash of host and repository; a label value
	// PerBranch reports whether each branch has a namespace of its own, which can
	// therefore be deleted with it.
	PerBranch bool
	// Labels and Annotations are those of a namespace that is created for the app.
	Labels      map[string]string
	Annotations map[string]string
}

// Values returns what a template may use, by name. Unknown values are absent, so
// that pr-{{ .PullRequest }} without a pull request is an error and not "pr-".
func (a *App) Values() map[string]string {
	values := map[string]string{
		"App": a.App, "Slug": a.Slug, "Branch": a.Source.Branch, "SHA": a.Source.SHA,
		"Namespace": a.Namespace, "Release": a.Release, "URL": a.URL, "Host": a.Host,
	}
	if a.Source.PullRequest > 0 {
		values["PullRequest"] = strconv.Itoa(a.Source.PullRequest)
	}
	maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	return values
}
