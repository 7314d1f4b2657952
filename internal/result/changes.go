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

// done and planned are the words for an action, after the number of objects.
var (
	done = map[facts.Action]string{
		facts.ActionRefused: "refused", facts.ActionDelete: "deleted", facts.ActionChange: "changed",
		facts.ActionCreate: "created", facts.ActionRun: "run as hooks", facts.ActionLeave: "left", facts.ActionUnknown: "not known",
	}
	planned = map[facts.Action]string{
		facts.ActionRefused: "refused", facts.ActionDelete: "to delete", facts.ActionChange: "to change",
		facts.ActionCreate: "to create", facts.ActionRun: "to run as hooks", facts.ActionLeave: "to leave", facts.ActionUnknown: "not known",
	}
)

// Count returns how many objects an action is of.
func (c *Changes) Count(a facts.Action) (n int) {
	for i := range c.All {
		if c.All[i].Action == a {
			n++
		}
	}
	return n
}

// Restarts returns how many of the changed objects have their pods made anew.
func (c *Changes) Restarts() (n int) {
	for i := range c.All {
		if c.All[i].Action == facts.ActionChange && c.All[i].Restarts {
			n++
		}
	}
	return n
}

// Changes reports whether anything is made, changed or deleted: a hook that runs is no change.
func (c *Changes) Changes() bool {
	return c.Count(facts.ActionCreate)+c.Count(facts.ActionChange)+c.Count(facts.ActionDelete) > 0
}

// String is "2 changed (pods of 1 restarted), 1 created, 7 as they were", and of a plan "2 to change
// (pods of 1 to restart), 1 to create, 7 to stay as they are".
func (c *Changes) String() string {
	words, restarted, unchanged := done, "restarted", "as they were"
	if c.Planned { // nobody shall read that something is deleted where nothing was written
		words, restarted, unchanged = planned, "to restart", "to stay as they are"
	}
	var parts []string
	for _, a := range facts.Actions {
		n := c.Count(a)
		if n == 0 {
			continue
		}
		part := strconv.Itoa(n) + " " + words[a]
		if restarts := c.Restarts(); a == facts.ActionChange && restarts > 0 {
			part += " (pods of " + strconv.Itoa(restarts) + " " + restarted + ")"
		}
		parts = append(parts, part)
	}
	if c.Unchanged > 0 || len(parts) == 0 {
		parts = append(parts, strconv.Itoa(c.Unchanged)+" "+unchanged)
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
