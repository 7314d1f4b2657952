package result

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestChangesInALine(t *testing.T) {
	restarting := facts.Change{Action: facts.ActionChange, Restarts: true}
	changed, created := facts.Change{Action: facts.ActionChange}, facts.Change{Action: facts.ActionCreate}
	var each []facts.Change
	for _, a := range facts.Actions {
		each = append(each, facts.Change{Action: a})
	}
	for name, c := range map[string]struct {
		changes Changes
		want    string
	}{
		"nothing":   {Changes{Unchanged: 7}, "7 as they were"},
		"no object": {Changes{}, "0 as they were"},
		"created":   {Changes{All: []facts.Change{created}}, "1 created"},
		"some": {Changes{All: []facts.Change{created, changed, restarting}, Unchanged: 7},
			"2 changed (pods of 1 restarted), 1 created, 7 as they were"},
		"each": {Changes{All: each},
			"1 refused, 1 deleted, 1 changed, 1 created, 1 run as hooks, 1 left, 1 not known"},
		"a plan": {Changes{Planned: true, All: []facts.Change{created, changed, restarting}, Unchanged: 7},
			"2 to change (pods of 1 to restart), 1 to create, 7 to stay as they are"},
		"each of a plan": {Changes{Planned: true, All: each},
			"1 refused, 1 to delete, 1 to change, 1 to create, 1 to run as hooks, 1 to leave, 1 not known"},
	} {
		if got := c.changes.String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAHookIsNoChange(t *testing.T) {
	for _, a := range facts.Actions {
		c := Changes{All: []facts.Change{{Action: a}}}
		want := strings.Contains("create change delete", string(a))
		if c.Changes() != want {
			t.Errorf("%s: %t", a, c.Changes())
		}
	}
}
