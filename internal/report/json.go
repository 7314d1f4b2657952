package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// JSON returns the Document of a run, or the SweepDocument of a sweep, indented. Strings are given as they were met,
// escaped as JSON only: what shows them has to escape them. As it stands, the document
// can be printed anywhere.
func JSON(r result.Result) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	var document any = NewDocument(r)
	if r.Verb == verb.Sweep {
		document = newSweepDocument(r)
	}
	if err := enc.Encode(document); err != nil {
		return nil, fmt.Errorf("encode the JSON report of berth %s: %w; please report this as a bug", r.Verb, err)
	}
	return plainJSON(b.Bytes()), nil
}

// NewDocument returns what report.json says of a run.
func NewDocument(r result.Result) Document {
	return Document{
		Schema: Schema,
		Verb:   string(r.Verb),
		Ending: Ending{
			Verdict: Verdict(r.Reason), ExitCode: r.ExitCode, Softened: r.Softened, Headline: headline(r), Cause: r.Cause, Next: r.Next,
		},
		App: App{
			App: r.App, Branch: r.Branch, Namespace: r.Namespace, Release: r.Release, Revision: r.Revision,
			Status: Status(r.Status), Chart: r.Chart, URL: r.URL, User: r.User,
			Commit: r.Commit, CommitURL: r.Pages.Commit, PullRequest: r.PullRequest, PullRequestURL: r.Pages.PullRequest, RunURL: r.Pages.Run,
			Actor: r.Actor,
		},
		Repair:  r.Repair,
		Started: r.Started.UTC(),
		TookMs:  r.Took.Milliseconds(),
		Proof: Proof{
			Attempts: r.Looks, Checks: list(r.Checks, newCheck), Objects: list(r.Objects, newObject),
			Missing: list(r.Missing, newMissingPermission), RBAC: r.RBAC, Kept: list(r.Kept, same),
			Remains: r.Remains, Evidence: list(r.Evidence, same),
		},
		Changes:     newChanges(r.Changes),
		Log:         newLog(r),
		Diagnostics: newDiagnostics(r.Diagnostics),
	}
}

// list converts every item. It returns an empty list for none, never nil, which
// JSON would show as null.
func list[A, B any](all []A, convert func(A) B) []B {
	converted := make([]B, len(all))
	for i, a := range all {
		converted[i] = convert(a)
	}
	return converted
}

func same(s string) string { return s }

func newCheck(c result.Check) Check { return Check(c) }

func newObject(o facts.Object) Object {
	return Object{
		Reference: Reference(o.Ref), UID: o.UID, Created: o.Created, Touched: o.Touched, Exists: o.Exists,
		Owned: o.Owned, Owner: o.Owner, Deleting: o.Deleting, Kept: o.Kept, Ready: o.Ready, Failed: o.Failed,
		Complete: o.Complete, Reason: o.Reason, Cause: Cause(o.Cause.Kind), Remark: o.Remark.Text, Warning: o.Remark.Warning, Ignored: o.Ignored,
		Expired: o.Expired, Drift: facts.Paths(o.Differences), Error: o.Error,
		Contents: Contents{list(o.Differences, newDifference), o.Notes},
	}
}

func newDifference(d facts.Difference) Difference {
	return Difference{Path: d.Path, Recorded: d.Recorded, Live: d.Live, Author: d.Author, Written: d.Written}
}

func newMissingPermission(m problem.MissingPermission) MissingPermission {
	return MissingPermission{
		Verb: m.Verb, Group: m.Group, Resource: m.Resource, Namespace: m.Namespace, Name: m.Name, Why: m.Why,
		Optional: m.Optional, Reason: m.Reason, HandedOn: m.HandedOn, Guessed: m.Guessed,
	}
}

func newLog(r result.Result) Log {
	l := Log{
		ChartNotes: r.ChartNote, Annotations: list(r.Notes, newAnnotation), Timeline: list(r.Timeline, newEvent),
		Writes: list(r.Audit, newWrite), Requests: list(r.Traffic, newRequests),
	}
	l.Totals.Count, l.Totals.Bytes = requestTotals(r)
	return l
}

func newAnnotation(n result.Note) Annotation {
	return Annotation{Level: Level(n.Level), Title: text.OneLine(n.Title), Message: n.Message, File: n.File, Line: n.Line}
}

func newEvent(e result.Event) Event {
	return Event{AtMs: e.At.Milliseconds(), TookMs: e.Took.Milliseconds(), What: e.What, Parts: list(e.Parts, newEvent)}
}

func newWrite(w result.Write) Write {
	return Write{
		AtMs: w.At.Milliseconds(), Verb: w.Verb, Resource: w.Resource, Key: w.Key, Revision: w.Revision,
		Status: Status(w.Status), Tries: w.Tries, Lost: w.Lost, Denied: w.Denied, Conflict: w.Conflict,
		Unknown: w.Unknown, Error: w.Error,
	}
}

func newRequests(q result.Requests) Requests { return Requests(q) }

func newDiagnostics(d *result.Diagnostics) *Diagnostics {
	if d == nil {
		return nil
	}
	return &Diagnostics{Reason: d.Reason, Faults: list(d.Faults, newFault), Symptoms: list(d.Symptoms, newSymptom)}
}

func newFault(f result.Fault) Fault {
	return Fault{
		Reference: Reference(f.Ref), Cause: Cause(f.Cause.Kind), Container: f.Cause.Container, About: f.Cause.About, Said: f.Cause.Said,
		ExitCode: f.Cause.ExitCode, Hook: f.Hook, Late: f.Late,
	}
}

func newSymptom(s result.Symptom) Symptom {
	return Symptom{Reference: Reference(s.Ref), Reason: s.Reason, Cause: Cause(s.Cause.Kind), Events: s.Events,
		Logs: list(s.Logs, newLogTail)}
}

func newLogTail(l result.LogTail) LogTail { return LogTail(l) }
