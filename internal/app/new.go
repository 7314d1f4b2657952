package app

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
)

// The templates that are used when none are given.
const (
	defaultNamespace = "review-{{ .App }}-{{ .Slug }}"
	defaultRelease   = "{{ .App }}"
	// defaultSharedRelease is used where all branches share one namespace.
	defaultSharedRelease = "{{ .App }}-{{ .Slug }}"
)

// Templates are text/templates for the names. An empty Namespace or Release means
// its default; an empty URL means that there is none.
type Templates struct {
	Namespace string
	Release   string
	URL       string
}

// New names the review app of a branch. Its errors are *NameError and
// *TemplateError.
func New(s Source, t Templates) (App, error) {
	s.HeadRepository = cmp.Or(s.HeadRepository, s.Repository)
	a := App{
		Source:         s,
		App:            cmp.Or(s.App, Name(s.Repository)),
		Slug:           cmp.Or(s.Slug, Slug(s)),
		Identity:       Identity(s),
		RepositoryHash: RepositoryHash(s.Host, s.Repository),
	}
	if err := checkApp(a.App); err != nil {
		return App{}, err
	}
	if err := checkSlug(a.Slug); err != nil {
		return App{}, err
	}
	// Each template may use the names that were made before.
	for _, setName := range []func(*App, Templates) error{(*App).setNamespace, (*App).setRelease, (*App).setURL} {
		if err := setName(&a, t); err != nil {
			return App{}, err
		}
	}
	a.Labels, a.Annotations = a.labels(), a.annotations()
	return a, nil
}

func (a *App) setNamespace(t Templates) (err error) {
	template := cmp.Or(t.Namespace, defaultNamespace)
	if a.Namespace, err = render("namespace", template, a.Values()); err != nil {
		return err
	}
	a.PerBranch = a.dependsOnBranch(template) || a.isDefaultNamespace()
	return checkNamespace(a.Namespace)
}

// dependsOnBranch reports whether the template gives branches different names, by
// rendering it for two invented branches that have nothing in common.
func (a *App) dependsOnBranch(template string) bool {
	var names [2]string
	for i := range names {
		name, err := render("namespace", template, inventedValues(a.App, i))
		if err != nil {
			return true // the template cuts the branch's values up, so it uses them
		}
		names[i] = name
	}
	return names[0] != names[1]
}

// inventedValues returns the values of the i-th invented branch, for i < 9. They
// are as long as slugs and commits are at most.
func inventedValues(app string, i int) map[string]string {
	letters := strings.Repeat(string(rune('a'+i)), maxSlug)
	return map[string]string{
		"App": app, "Slug": letters, "Branch": letters, "SHA": letters,
		"PullRequest": strings.Repeat(strconv.Itoa(i+1), 9),
	}
}

// isDefaultNamespace reports whether the namespace has the name that the default
// template gives it. Then it is this branch's own, although it may have been
// given as a fixed name: the output of an earlier run is handed on like that.
func (a *App) isDefaultNamespace() bool {
	name, err := render("namespace", defaultNamespace, a.Values())
	return err == nil && name == a.Namespace
}

func (a *App) setRelease(t Templates) (err error) {
	template := t.Release
	if template == "" {
		template = defaultSharedRelease
		if a.PerBranch {
			template = defaultRelease
		}
	}
	if a.Release, err = render("release", template, a.Values()); err != nil {
		return err
	}
	return checkRelease(a.Release)
}

// setURL escapes the values that the template uses, since a branch name may contain
// slashes and question marks.
func (a *App) setURL(t Templates) error {
	if t.URL == "" {
		return nil
	}
	values := a.Values()
	for name, value := range values {
		values[name] = escapeInURL(value)
	}
	raw, err := render("url", t.URL, values)
	if err != nil {
		return err
	}
	a.URL, a.Host, err = checkURL(raw)
	return err
}

// escapeInURL escapes all but letters, digits and -_.~ in a value: beside what a URL is
// made of, what a shell takes for its own, since the address is an output that scripts
// take, and a dollar, which GitLab reads as a variable in what one job hands to others.
func escapeInURL(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }
