package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// target is the review app that a run works on, and the name of the run itself.
type target struct {
	app.App
	run    string // unique to this process; a label value
	holder string // the run for people: its URL, or host, process and time

	began func() time.Time // when the deploy began, by the API server's clock: always the same
	ttl   time.Duration    // 0: none
	main  bool             // the branch is known to be the repository's default branch
}

// onRecords returns the annotations of the records that the run creates.
func (t target) onRecords() map[string]string {
	all := t.Origin()
	if t.App.App != "" { // of a release by its name, no app is known
		all[ownership.AnnotationApp] = t.App.App
	}
	all[ownership.AnnotationRunURL] = t.holder
	return all
}

// stamps returns the annotations that tell of a deploy without a look at what it deployed. What
// does not apply is empty.
func (t target) stamps() map[string]string {
	at := t.began().UTC().Truncate(time.Second)
	all := map[string]string{
		ownership.AnnotationLastDeployed: at.Format(time.RFC3339),
		ownership.AnnotationLastRelease:  t.Release,
		ownership.AnnotationExpires:      "",
		ownership.AnnotationCommit:       t.Source.SHA,
		ownership.AnnotationURL:          t.URL,
		ownership.AnnotationPullRequest:  t.Origin()[ownership.AnnotationPullRequest],
		ownership.AnnotationRunURL:       t.Source.RunURL,
	}
	if all[ownership.AnnotationDefaultBranch] = ""; t.main {
		all[ownership.AnnotationDefaultBranch] = "true"
	}
	if t.ttl > 0 {
		all[ownership.AnnotationExpires] = at.Add(t.ttl).Format(time.RFC3339)
	}
	for key, value := range all {
		all[key] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return all
}

// onDeploys returns the annotations of the records that a deploy creates, and a rollback does not.
func (t target) onDeploys() map[string]string {
	all := t.stamps()
	delete(all, ownership.AnnotationRunURL) // which every record has
	delete(all, ownership.AnnotationLastRelease)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

func newTarget(o *input.Options) (target, error) {
	holder := o.RunURL + o.RunMark
	if o.RunURL == "" {
		host, _ := os.Hostname()
		holder = fmt.Sprintf("%s, process %d, started %s", host, os.Getpid(), time.Now().UTC().Format(time.RFC3339Nano))
	}
	// The random text tells apart the jobs of one CI run, each of which has
	// operations of its own.
	run := app.RunHash(holder+" "+rand.Text(), o.Attempt)
	if o.ByName {
		named, err := app.ByName(o.Namespace, o.Release)
		if err != nil {
			return target{}, &problem.Problem{Reason: problem.WrongInput, Tried: "find the release by its name", Cause: err,
				Next: "Give namespace and release as helm list shows them."}
		}
		return target{App: named, run: run, holder: holder}, nil
	}
	if o.HeadRepository == "" {
		return target{}, &problem.Problem{Reason: problem.Internal, Tried: "name the review app",
			Cause: errors.New("it is not known in which repository the branch lives"), Next: "Report this, please."}
	}
	named, err := nameApp(o)
	if err != nil {
		return target{}, &problem.Problem{Reason: problem.WrongInput, Tried: "name the review app", Cause: err,
			Next: "Give app, slug, namespace or release so that the names fit."}
	}
	return target{App: named, run: run, holder: holder}, nil
}

// nameApp names the review app.
func nameApp(o *input.Options) (app.App, error) {
	return app.New(
		app.Source{Host: o.Host, Repository: o.Repository, HeadRepository: o.HeadRepository, Branch: o.Branch,
			App: o.App, Slug: o.Slug, SHA: o.SHA, PullRequest: o.PullRequest, RunURL: o.RunURL},
		app.Templates{Namespace: o.Namespace, Release: o.Release, URL: o.URL})
}
