// Package app names the review app of a branch: its slug, namespace, release,
// URL, identity, labels and annotations.
//
// It is pure: the same branch gives the same names on every runner and on a
// laptop. Names that do not fit are refused, never cut, since a cut name could
// be another branch's.
package app

import "net/url"

// The templates used when none are given.
const (
	DefaultNamespace = "review-{{ .App }}-{{ .Slug }}"
	DefaultRelease   = "{{ .App }}"
	// DefaultSharedRelease is used where all branches share one namespace.
	DefaultSharedRelease = "{{ .App }}-{{ .Slug }}"
)

// Source is the branch that a review app is for.
type Source struct {
	Host           string // of the platform: github.com
	Repository     string // owner/name of the base repository
	HeadRepository string // where the branch lives; empty: in Repository
	Branch         string // untrusted text
	App            string // empty: made from the repository's name
	Slug           string // overrides the slug made from the branch
	SHA            string
	PullRequest    int    // 0: none
	RunURL         string // of the run that asks; only an annotation
}

// Templates are text/templates for the names; an empty Namespace or Release
// stands for its default, an empty URL for none.
type Templates struct {
	Namespace string
	Release   string
	URL       string
}

// App is a review app with all its names.
type App struct {
	Source         Source // as given, defaults filled in
	App            string
	Slug           string
	Namespace      string
	Release        string
	URL            string // empty when there is no URL template
	Host           string // host name of URL
	Identity       string // hash of host, repositories and branch; a label value
	RepositoryHash string // hash of host and repository; a label value
	// PerBranch says that each branch has a namespace of its own, which can
	// therefore be deleted with it.
	PerBranch bool
	// Labels and Annotations are what a namespace made for this app carries.
	Labels      map[string]string
	Annotations map[string]string
}

// New names the review app of a branch. Its errors are *NameError and
// *TemplateError.
func New(s Source, t Templates) (App, error) {
	if s.HeadRepository == "" {
		s.HeadRepository = s.Repository
	}
	a := App{
		Source:         s,
		App:            first(s.App, Name(s.Repository)),
		Slug:           first(s.Slug, Slug(s)),
		Identity:       Identity(s),
		RepositoryHash: RepositoryHash(s.Host, s.Repository),
	}
	for _, name := range []func(*App, Templates) error{
		(*App).checkParts, (*App).nameNamespace, (*App).nameRelease, (*App).nameURL,
	} {
		if err := name(&a, t); err != nil {
			return App{}, err
		}
	}
	a.Labels, a.Annotations = a.labels(), a.annotations()
	return a, nil
}

func (a *App) checkParts(Templates) error {
	if err := checkApp(a.App); err != nil {
		return err
	}
	return checkSlug(a.Slug)
}

func (a *App) nameNamespace(t Templates) (err error) {
	template := first(t.Namespace, DefaultNamespace)
	if a.Namespace, err = a.fill("namespace", template, verbatim); err != nil {
		return err
	}
	a.PerBranch = a.varies(template) || a.isDefaultNamespace()
	return checkNamespace(a.Namespace)
}

// varies tells whether the template gives branches different names, by
// rendering it for two branches that have nothing in common.
func (a *App) varies(template string) bool {
	var names [2]string
	for i := range names {
		name, err := render("namespace", template, probe(a.App, i))
		if err != nil {
			return true // it cuts the branch's values up, so it uses them
		}
		names[i] = name
	}
	return names[0] != names[1]
}

// isDefaultNamespace recognises the namespace of an earlier run's output that
// is handed on as a fixed name: it is still this branch's own.
func (a *App) isDefaultNamespace() bool {
	own, err := render("namespace", DefaultNamespace, a.Values())
	return err == nil && own == a.Namespace
}

func (a *App) nameRelease(t Templates) (err error) {
	template := t.Release
	if template == "" {
		template = DefaultSharedRelease
		if a.PerBranch {
			template = DefaultRelease
		}
	}
	if a.Release, err = a.fill("release", template, verbatim); err != nil {
		return err
	}
	return checkRelease(a.Release)
}

func (a *App) nameURL(t Templates) error {
	if t.URL == "" {
		return nil
	}
	raw, err := a.fill("url", t.URL, url.PathEscape)
	if err != nil {
		return err
	}
	a.URL, a.Host, err = checkURL(raw)
	return err
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
