package helm

import (
	"cmp"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
)

// changes are what an operation makes of the objects. It is safe for concurrent use.
type changes struct {
	sensitive *manifest.Sensitive // is told of what is compared; nil: nobody is
	mu        sync.Mutex
	all       []facts.Change
	unchanged int
}

// add notes one that is no write, or was refused.
func (c *changes) add(one facts.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
}

// made notes an object, or a hook's, that was not there.
func (c *changes) made(o *unstructured.Unstructured, ref facts.Ref) {
	action := facts.ActionCreate
	if ownership.IsHook(o.GetAnnotations()) {
		action = facts.ActionRun
	}
	c.add(facts.Change{Ref: ref, Action: action})
}

// wrote notes what became of an object by all writes to it; after is nil where that is not known. What either holds
// that is secret is told before: others may have set it, and admission may have put it there.
func (c *changes) wrote(ref facts.Ref, before, after *unstructured.Unstructured) {
	switch {
	case after == nil:
		c.add(facts.Change{Ref: ref, Action: facts.ActionUnknown, Why: "the API server's answer does not tell"})
	case before == nil:
		c.made(after, ref)
	default:
		c.sensitive.Object(before)
		c.sensitive.Object(after)
		fields, restarts := contents.Changes(before, after, c.sensitive.Masked)
		if len(fields) > 0 {
			c.add(facts.Change{Ref: ref, Action: facts.ActionChange, Fields: fields, Restarts: restarts})
			return
		}
		c.same()
	}
}

// same notes an object that stays as it is.
func (c *changes) same() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unchanged++
}

// list returns the changes in their order: that of the actions, and by name.
func (c *changes) list(planned bool) *result.Changes {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.all)
	slices.SortStableFunc(all, func(a, b facts.Change) int {
		return cmp.Or(cmp.Compare(slices.Index(facts.Actions, a.Action), slices.Index(facts.Actions, b.Action)),
			cmp.Compare(a.String(), b.String()))
	})
	return &result.Changes{Planned: planned, All: all, Unchanged: c.unchanged}
}
