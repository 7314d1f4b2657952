package report

import (
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// Changes are what a deploy has made of the release's objects, or would make.
type Changes struct {
	// Nothing was written: it is what a deploy would do.
	Planned bool `json:"planned"`
	// How many objects stay as they are.
	Unchanged int `json:"unchanged" jsonschema:"minimum=0"`
	// The others, all of them.
	Objects []Change `json:"objects"`
}

// Change is what a deploy does to an object.
type Change struct {
	// What it does: create; change; delete; leave, of one that the chart has no more and that stays; run, of a hook; unknown
	// where it cannot be told; refused where the API server does not take it.
	Action Action `json:"action"`
	Reference
	// Its pods are made anew by it.
	Restarts bool `json:"restarts"`
	// It is refused since it is somebody else's.
	Foreign bool `json:"foreign,omitempty"`
	// Why it is so, of what cannot be told or was refused above all. Untrusted text.
	Why string `json:"why,omitempty"`
	// The fields that change.
	Fields []FieldChange `json:"fields"`
}

// Action is one of the values of facts.Action.
type Action string

// FieldChange is a field of an object before and after. The values are cut, for people;
// "(not shown)" stands for one that is secret.
type FieldChange struct {
	// The field: spec.template.spec.containers[web].image. Untrusted text.
	Path string `json:"path"`
	// What was there; absent where nothing was. Untrusted text.
	Before string `json:"before,omitempty"`
	// What is there; absent where nothing is. Untrusted text.
	After string `json:"after,omitempty"`
}

func newChanges(c *result.Changes) *Changes {
	if c == nil {
		return nil
	}
	return &Changes{Planned: c.Planned, Unchanged: c.Unchanged, Objects: list(c.All, newChange)}
}

func newChange(c facts.Change) Change {
	return Change{
		Action: Action(c.Action), Reference: Reference(c.Ref), Restarts: c.Restarts, Foreign: c.Foreign, Why: c.Why,
		Fields: list(c.Fields, newFieldChange),
	}
}

func newFieldChange(f facts.FieldChange) FieldChange { return FieldChange(f) }
