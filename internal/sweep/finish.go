package sweep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxNotes is how many apps are named in annotations of one kind: as many as GitHub shows.
const maxNotes = 10

// finish says how the sweep ended.
func (s *Sweep) finish(ctx context.Context, err error) {
	r := &s.result
	r.Took = s.Cluster.Clock().Sub(r.Started)
	for _, one := range s.swept {
		if one.Reason == result.SweepReason(fleet.HoldForeign) {
			r.Sweep.Others++
			continue
		}
		r.Sweep.Apps = append(r.Sweep.Apps, one)
	}
	if interrupted := s.Stopped(ctx); interrupted != nil {
		err = interrupted
	}
	if err != nil {
		s.explain(problem.Of(err))
		return
	}
	r.Sweep.Stopped = s.stopped()
	failed, went, wouldGo := r.Sweep.Count(result.FateFailed), r.Sweep.Count(result.FateWent), r.Sweep.Count(result.FateWouldGo)
	r.Reason, r.Headline = problem.Consistent, s.headline(went, failed)
	switch {
	case s.Options.DryRun && r.Sweep.Stopped != "":
		r.Notes = append(r.Notes, result.Note{Level: result.LevelWarning, Title: "A real run would stop", Message: r.Sweep.Stopped})
	case s.Options.DryRun:
	case failed > 0 || r.Sweep.StoppedShort():
		r.Reason, r.Cause, r.Next = problem.SweepIncomplete, r.Sweep.Stopped, s.next(failed)
	case went == 0 && wouldGo == 0:
		r.Reason = problem.NothingToDo
	}
	s.note()
}

// explain takes the problem that ended the sweep into the result.
func (s *Sweep) explain(p *problem.Problem) {
	r := &s.result
	r.Reason, r.Headline, r.Next, r.Missing = p.Reason, p.Sentence(), p.Next, p.Missing
	if p.Cause != nil {
		r.Cause = p.Cause.Error()
	}
	if slices.Contains([]problem.ExitReason{problem.Interrupted, problem.Terminated, problem.HungUp}, p.Reason) {
		r.Headline = fmt.Sprintf("%s; %s.", strings.TrimSuffix(r.Headline, "."), touched(r.Sweep))
		r.Next = "Run it again: it goes on with the rest."
	}
	s.note()
}

// touched says what an interrupted sweep has done to review apps, as a clause.
func touched(sw *result.Sweep) string {
	begun := 0
	for i := range sw.Apps {
		if sw.Apps[i].Begun {
			begun++
		}
	}
	var parts []string
	for _, of := range []struct {
		n        int
		one, are string
	}{
		{sw.Count(result.FateWent), "went", "went"},
		{sw.Count(result.FateFailed), "could not be taken down", "could not be taken down"},
		{begun, "was begun and is not gone", "were begun and are not gone"},
	} {
		switch {
		case of.n == 1:
			parts = append(parts, text.Plural(of.n, "review app")+" "+of.one)
		case of.n > 1:
			parts = append(parts, text.Plural(of.n, "review app")+" "+of.are)
		}
	}
	switch {
	case len(parts) == 0:
		return "nothing was touched"
	case begun == 1:
		parts = append(parts, "the next sweep goes on with it")
	case begun > 1:
		parts = append(parts, "the next sweep goes on with them")
	}
	return strings.Join(parts, "; ")
}

// stopped says which limit kept apps from going.
func (s *Sweep) stopped() string {
	switch limits := s.Options.Limits; {
	case s.plan.Refused != "":
		return text.Sentence(s.plan.Refused) + " Nothing was taken down."
	case len(s.plan.Later) > 0:
		return fmt.Sprintf("max-deletions is %d, so that %s to go are left for the next time.", limits.MaxDeletions,
			text.Plural(len(s.plan.Later), "more review app"))
	}
	return ""
}

// headline is one line on what the sweep did, and on what the platform's silence kept.
func (s *Sweep) headline(went, failed int) string {
	sw := s.result.Sweep
	silenced := sw.Silenced()
	if silenced == 0 {
		return s.did(went, failed)
	}
	since := "since the platform has not answered" + text.After(": ", strings.TrimSuffix(sw.Unanswered, ".")) + "."
	switch {
	case s.Options.DryRun:
		return fmt.Sprintf("%s %d of those that stay would go, and %s kept, %s", s.did(went, failed), silenced, isOrAre(silenced), since)
	case went+failed > 0 || sw.Stopped != "":
		return fmt.Sprintf("%s %d more would go, and %s kept, %s", s.did(went, failed), silenced, wasOrWere(silenced), since)
	}
	return fmt.Sprintf("%s would go, and %s kept, %s", text.Plural(silenced, "review app"), wasOrWere(silenced), since)
}

// did is headline without what the platform's silence kept.
func (s *Sweep) did(went, failed int) string {
	sw := s.result.Sweep
	found := text.Plural(len(sw.Apps), "review app")
	switch stay := sw.Count(result.FateKept); {
	case s.Options.DryRun && s.plan.Refused != "":
		return fmt.Sprintf("A real run would refuse: %s.", strings.TrimSuffix(s.plan.Refused, "."))
	case s.Options.DryRun:
		return fmt.Sprintf("Dry run: of %s, %d would go and %d stay.", found, sw.Count(result.FateWouldGo)+sw.Count(result.FateLeft), stay)
	case s.plan.Refused != "":
		return fmt.Sprintf("Nothing was taken down: %s.", strings.TrimSuffix(s.plan.Refused, "."))
	case failed > 0:
		return fmt.Sprintf("Of %s, %d went and %d could not be taken down.", found, went, failed)
	case went == 0 && len(sw.Apps) == 0:
		return "Nothing to sweep: there is no review app."
	case went == 0:
		return fmt.Sprintf("Nothing to sweep: %s, none of which is to go.", found)
	case len(s.plan.Later) > 0:
		return fmt.Sprintf("Of %s, %d went; %d more are to go.", found, went, len(s.plan.Later))
	}
	return fmt.Sprintf("Of %s, %d went.", found, went)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// next says what to do about an incomplete sweep.
func (s *Sweep) next(failed int) string {
	var parts []string
	if failed > 0 {
		parts = append(parts, "See what failed below, and what to do about each; the next sweep tries again.")
	}
	switch {
	case s.plan.Refused != "":
		parts = append(parts, "Look whether all of them are to go, with dry-run; then run it once with yes-many.")
	case len(s.plan.Later) > 0:
		parts = append(parts, "Run it again, or give a larger max-deletions.")
	}
	if s.result.Sweep.Silenced() > 0 {
		parts = append(parts, "Have the platform answer, such as by another token; the next sweep takes down what is still to go then. "+
			"An app of which it will never tell goes by a teardown of its branch.")
	}
	return strings.Join(parts, "\n")
}

// note adds the annotations: one for each app that failed, and one for each that was kept for a
// reason that a person should look at, as many as are shown.
func (s *Sweep) note() {
	r := &s.result
	add := func(level result.Level, title string, apps []result.SweptApp, most int) {
		for i, a := range apps {
			if i == most-1 && len(apps) > most {
				r.Notes = append(r.Notes, result.Note{Level: level, Title: title,
					Message: fmt.Sprintf("And %d more; see the report.", len(apps)-i)})
				return
			}
			r.Notes = append(r.Notes, result.Note{Level: level, Title: fmt.Sprintf("%s: %s/%s", title, a.Namespace, a.Release),
				Message: strings.TrimSpace(text.Sentences(a.Why) + text.After("\n", a.Next))})
		}
	}
	add(result.LevelError, "Not taken down", r.Sweep.Of(result.FateFailed), maxNotes)
	var look []result.SweptApp
	for i := range r.Sweep.Apps {
		if a := &r.Sweep.Apps[i]; a.Fate == result.FateKept && a.Look {
			look = append(look, *a)
		}
	}
	most := maxNotes
	if r.Sweep.Unanswered != "" {
		most--
		title, so := "The platform has not answered", "What it would tell of an app is not known, which keeps it."
		if !s.asked {
			title = "The platform was not asked"
			so = "No app goes for its pull request or its branch. For its time it does, whatever label its pull request has."
		}
		r.Notes = append(r.Notes, result.Note{Level: result.LevelNotice, Title: title,
			Message: text.Sentences(text.Sentence(r.Sweep.Unanswered), so)})
	}
	add(result.LevelNotice, "Kept", look, most)
}
