package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// prove casts doubt on an app whose identity is not the hash of what it says of itself, or that has a
// name that no app has, as whoever may annotate its namespace can write: what would be deleted for
// whom is not known then.
func prove(a *fleet.App) {
	if a.Doubt != "" || a.Host == "" || a.Origin.Repository == "" || a.Origin.Branch == "" || a.Identity == "" {
		return // which holds it anyway
	}
	hash := app.RepositoryHash(a.Host, a.Origin.Repository)
	switch identity := app.Identity(app.Source{Host: a.Host, Repository: a.Origin.Repository, HeadRepository: a.Origin.HeadRepository,
		Branch: a.Origin.Branch}); {
	case identity != a.Identity:
		a.Doubt = fmt.Sprintf("it is labelled as another branch's app than %s, which it names", a.Origin)
	case a.Repository == "": // in a namespace that branches share nothing else says so
		a.Repository = hash
	case a.Repository != hash:
		a.Doubt = fmt.Sprintf("it is labelled as another repository's app than %q, which it names", a.Origin.Repository)
	}
	if a.Doubt == "" && a.Release != "" {
		var wrong *app.NameError
		if errors.As(app.CheckNames(cmp.Or(a.Name, app.Name(a.Origin.Repository)), a.Namespace, a.Release), &wrong) {
			a.Doubt = fmt.Sprintf("it says that its %s is called %q, which is no name for one", wrong.What, wrong.Value)
		}
	}
}

// teardownOf returns the options of one app's teardown. What lets go what is somebody else's or to be
// kept is for a person to decide about one app; auto takes these inputs for the teardown of one.
func teardownOf(of *input.Options, a fleet.App) *input.Options {
	o := optionsOf(of, verb.Teardown, a)
	o.ByEvent = true
	o.DeleteForeign, o.DeleteKept, o.SkipFailedHooks, o.StripFinalizers, o.Adopt = false, false, false, nil, nil
	return o
}

// optionsOf returns the options of a run of a verb on one app of many, under its own names. A run
// at work is left to it.
func optionsOf(of *input.Options, v verb.Verb, a fleet.App) *input.Options {
	o := *of
	o.Verb, o.LockTimeout = v, 0
	o.Host, o.Repository, o.Branch, o.PullRequest = a.Host, a.Origin.Repository, a.Origin.Branch, a.Origin.PullRequest
	o.HeadRepository = cmp.Or(a.Origin.HeadRepository, a.Origin.Repository)
	o.App, o.Slug, o.Namespace, o.Release, o.URL, o.SHA = a.Name, "", a.Namespace, a.Release, "", a.Commit
	return &o
}

// targetOf returns the release of an app under its own names.
func targetOf(o *input.Options, a fleet.App) (target, error) {
	if strings.Contains(a.Namespace+a.Release, "{{") {
		return target{}, fmt.Errorf("its release is called %q, which is no name", a.Release)
	}
	t, err := newTarget(optionsOf(o, o.Verb, a))
	if err == nil && (t.Identity != a.Identity || t.RepositoryHash != a.Repository) {
		err = errors.New("it is not the app of the branch that it names")
	}
	t.PerBranch = !a.Shared
	return t, err
}
