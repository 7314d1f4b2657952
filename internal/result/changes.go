package result

import (
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// Changes are what a deploy has made of the release's objects, or would make.
type Changes struct {
	Planned   bool // nothing was written
	All       []facts.Change
	Unchanged int // how many objects stay as they are
}

// done are the words for an action, after the number of objects.
var done = map[facts.Action]string{
	facts.ActionRefused: "refused", facts.ActionDelete: "deleted", facts.ActionRecreate: "made anew", facts.ActionChange: "changed",
	facts.ActionCreate: "created", facts.ActionRun: "run as hooks", facts.ActionLeave: "left", facts.ActionUnknown: "not known",
}

// Count returns how many objects an action is of.
func (c *Changes) Count(a facts.Action) (n int) {
	for i := range c.All {
		if c.All[i].Action == a {
			n++
		}
	}
	return n
}

// Restarts returns how many of the objects have their pods made anew.
func (c *Changes) Restarts() (n int) {
	for i := range c.All {
		if c.All[i].Restarts {
			n++
		}
	}
	return n
}

// Changes reports whether anything is made, changed or deleted: a hook that runs is no change.
func (c *Changes) Changes() bool {
	return c.Count(facts.ActionCreate)+c.Count(facts.ActionChange)+c.Count(facts.ActionRecreate)+c.Count(facts.ActionDelete) > 0
}

// String is "2 changed (pods of 1 restarted), 1 created, 7 as they were".
func (c *Changes) String() string {
	var parts []string
	for _, a := range facts.Actions {
		n := c.Count(a)
		if n == 0 {
			continue
		}
		part := strconv.Itoa(n) + " " + done[a]
		if restarts := c.Restarts(); a == facts.ActionChange && restarts > 0 {
			part += " (pods of " + strconv.Itoa(restarts) + " restarted)"
		}
		parts = append(parts, part)
	}
	if c.Unchanged > 0 || len(parts) == 0 {
		parts = append(parts, strconv.Itoa(c.Unchanged)+" as they were")
	}
	return strings.Join(parts, ", ")
}

func (c *Changes) withText(f func(string) string) *Changes {
	if c == nil {
		return nil
	}
	return &Changes{Planned: c.Planned, Unchanged: c.Unchanged, All: each(c.All, func(one facts.Change) facts.Change {
		one.Why = f(one.Why)
		one.Fields = each(one.Fields, func(field facts.FieldChange) facts.FieldChange {
			field.Path, field.Before, field.After = f(field.Path), f(field.Before), f(field.After)
			return field
		})
		return one
	})}
}
