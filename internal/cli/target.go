package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
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
