package result

import (
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// WithText returns the result with every text that others may have written replaced by
// what f makes of it. The names of objects, verbs and the values of enumerations stay as
// they are, and so does the RBAC, which is made of names and is to be applied. The result
// itself is not changed.
func (r Result) WithText(f func(string) string) Result {
	r.Branch, r.URL, r.User, r.Chart = f(r.Branch), f(r.URL), f(r.User), f(r.Chart)
	r.Actor = f(r.Actor)
	r.Commit, r.Pages = f(r.Commit), Pages{Commit: f(r.Pages.Commit), PullRequest: f(r.Pages.PullRequest), Run: f(r.Pages.Run)}
	r.Headline, r.Cause, r.Next = f(r.Headline), f(r.Cause), f(r.Next)
	r.Missing = each(r.Missing, func(m problem.MissingPermission) problem.MissingPermission {
		m.Why, m.Reason = f(m.Why), f(m.Reason)
		return m
	})
	r.Checks = each(r.Checks, func(c Check) Check {
		c.Title, c.Detail, c.Findings = f(c.Title), f(c.Detail), each(c.Findings, f)
		return c
	})
	r.Objects = each(r.Objects, func(o facts.Object) facts.Object { return objectWithText(o, f) })
	r.Kept, r.Remains, r.Evidence = each(r.Kept, f), each(r.Remains, f), each(r.Evidence, f)
	r.Diagnostics = r.Diagnostics.withText(f)
	r.Timeline = eventsWithText(r.Timeline, f)
	r.Notes = each(r.Notes, func(n Note) Note {
		n.Title, n.Message, n.File = f(n.Title), f(n.Message), f(n.File)
		return n
	})
	r.Audit = each(r.Audit, func(w Write) Write {
		w.Error = f(w.Error)
		return w
	})
	r.ChartNote = f(r.ChartNote)
	r.Changes = r.Changes.withText(f)
	r.Sweep = r.Sweep.withText(f)
	r.Round = r.Round.withText(f)
	return r
}

// each returns a list of its own with every item replaced; nil for nil.
func each[T any](all []T, f func(T) T) []T {
	all = slices.Clone(all)
	for i := range all {
		all[i] = f(all[i])
	}
	return all
}

func objectWithText(o facts.Object, f func(string) string) facts.Object {
	o.Reason, o.Error, o.Remark.Text, o.HookOf, o.KeepWhy = f(o.Reason), f(o.Error), f(o.Remark.Text), f(o.HookOf), f(o.KeepWhy)
	o.Cause = causeWithText(o.Cause, f)
	o.Notes = each(o.Notes, f)
	o.Differences = each(o.Differences, func(d facts.Difference) facts.Difference {
		d.Path, d.Recorded, d.Live = f(d.Path), f(d.Recorded), f(d.Live)
		return d
	})
	return o
}

func causeWithText(c facts.Cause, f func(string) string) facts.Cause {
	c.About, c.Said = f(c.About), f(c.Said)
	return c
}

func (d *Diagnostics) withText(f func(string) string) *Diagnostics {
	if d == nil {
		return nil
	}
	return &Diagnostics{
		Reason: f(d.Reason),
		Faults: each(d.Faults, func(x Fault) Fault {
			x.Cause = causeWithText(x.Cause, f)
			return x
		}),
		Objects: each(d.Objects, func(o facts.Object) facts.Object { return objectWithText(o, f) }),
		Symptoms: each(d.Symptoms, func(s Symptom) Symptom {
			s.Reason, s.Cause, s.Events = f(s.Reason), causeWithText(s.Cause, f), each(s.Events, f)
			s.Logs = each(s.Logs, func(l LogTail) LogTail {
				l.Lines, l.Telling, l.Error = each(l.Lines, f), f(l.Telling), f(l.Error)
				return l
			})
			return s
		}),
	}
}

func eventsWithText(events []Event, f func(string) string) []Event {
	return each(events, func(e Event) Event {
		e.What, e.Parts = f(e.What), eventsWithText(e.Parts, f)
		return e
	})
}
