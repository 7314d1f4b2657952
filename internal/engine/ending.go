package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// finish turns what happened into the result that the reports are made of.
func (s *session) finish(ctx context.Context, success string, err error) result.Result {
	res := &s.report.result
	res.Reason = problem.Consistent
	if i := interrupted(ctx); i != nil && err != nil {
		if s.journal.state != writingSettled {
			s.report.evidence("%s", problem.Of(err).Error()) // what keeping the record true failed for, say
		}
		err = s.journal.explain(i) // whatever failed, failed because of the signal
	}
	err = s.endedByLock(err)
	if p := problem.Of(err); p != nil {
		s.explain(ctx, p)
	} else if res.Headline == "" {
		if res.Headline = success; success == "" {
			res.Headline = verb.Of(res.Verb).SuccessLine(res.Revision, res.Release, res.Namespace)
		}
	}
	res.Audit = s.backend.Records.Audit()
	s.report.wrote()
	res.Traffic = s.backend.Server.Traffic()
	res.Took = s.report.clock().Sub(res.Started)
	return *res
}

// endedByLock returns why a run ended with an error. Once the lock is lost all that is under way is stopped, and
// whoever was asked for something may keep of that no more than that it was.
func (s *session) endedByLock(err error) error {
	p := problem.Of(err)
	if p == nil || s.lock.end == nil || p.Reason != problem.Internal && p.Reason != problem.Interrupted || errors.Is(err, s.lock.end) {
		return err
	}
	s.report.evidence("%s", p.Error())
	return s.lock.end
}

// explain takes a problem into the result: what failed, why, and what to do.
func (s *session) explain(ctx context.Context, p *problem.Problem) {
	res := &s.report.result
	res.Reason, res.Headline, res.Next, res.Missing = p.Reason, verdict.HeadlineOf(p), addFlags(p.Next, s.options.Flags), p.Missing
	if p.Reason == problem.Internal && p.Next == "" {
		res.Next = "Report this: it is a fault of Berth."
	}
	if p.Cause != nil {
		res.Cause = p.Cause.Error()
	}
	if p.Reason == problem.PermissionMissing {
		if res.User == "" {
			res.User = s.backend.Server.User(context.WithoutCancel(ctx))
		}
		if len(p.Missing) > 0 {
			s.offerKinds(ctx, p.Missing)
			s.permissions.describe(res.User, p.Missing)
		}
	}
	level := result.LevelError
	if p.Reason == problem.Interrupted || p.Reason == problem.Terminated || p.Reason == problem.HungUp {
		level = result.LevelWarning
	}
	if p.Reason == problem.NothingToDo {
		level = result.LevelNotice
	}
	s.report.result.Notes = append(s.report.result.Notes, s.endingNote(level, p))
}

// endingNote is the annotation about the problem that ended the run: what happened as its
// title, and below it why and what to do, which may end with a command.
func (s *session) endingNote(level result.Level, p *problem.Problem) result.Note {
	res := &s.report.result
	n := result.Note{Level: level, Title: res.Headline, File: p.Place.File, Line: p.Place.Line}
	why := res.Cause
	switch {
	case level != result.LevelError:
		n.Title, why = title(p.Reason), p.Error()
	case p.Reason == problem.PermissionMissing, // the API server says the same of each of them
		strings.Contains(res.Headline, why):
		why = ""
	}
	n.Message = strings.TrimSpace(text.Sentences(why) + text.After(" ", res.Next))
	if n.Message == "" {
		n.Message = res.Headline
	}
	return n
}

// addFlags adds the flags that name the release to each command of a next step, so that
// it can be pasted. Commands are the lines that begin with "$ berth".
func addFlags(next, flags string) string {
	lines := strings.Split(next, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "$ berth ") && flags != "" {
			lines[i] = line + " " + flags
		}
	}
	return strings.Join(lines, "\n")
}

// title is an exit reason as the title of an annotation.
func title(r problem.ExitReason) string { return strings.ReplaceAll(string(r), "-", " ") }
