package verdict

import (
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

const checkNameHooks = "hooks"

// hookWorkloads returns the workloads of hooks that are part of what the last revision has
// running.
func hookWorkloads(f *facts.Facts) []facts.Object {
	var parts []facts.Object
	for _, h := range f.Workloads {
		if isPart(f, h) {
			parts = append(parts, h.Object)
		}
	}
	return parts
}

// withHooks adds the check of the workloads that hooks made, where there are any. The
// manifest does not name them, so that no other check sees them, and Helm waits for
// none. Their contents are not compared: a hook's object is made, and never brought to
// what a later revision says.
func withHooks(checks []result.Check, f *facts.Facts) []result.Check {
	parts := hookWorkloads(f)
	if len(parts) == 0 {
		return checks
	}
	c := result.Check{Name: checkNameHooks, Title: "Every workload that hooks made is ready"}
	for _, o := range parts {
		if why := hookFault(f, o); why != "" {
			c.Findings = append(c.Findings, o.In(f.Namespace.Name)+": "+why)
		}
	}
	c.OK = len(c.Findings) == 0
	c.Detail = fmt.Sprintf("%d of %d", len(parts), len(parts))
	if !c.OK {
		c.Detail = fmt.Sprintf("%d of %s of hooks not ready", len(c.Findings), text.Plural(len(parts), "workload"))
	}
	return append(checks, c)
}

// hookFault returns what is wrong with a workload that a hook made, or "".
func hookFault(f *facts.Facts, o facts.Object) string {
	switch {
	case o.Error != "":
		return "could not be read: " + o.Error
	case !o.Exists:
		return "does not exist, though a hook of this revision made it"
	case ownerOfHook(f, o) == hookTheirs:
		return "belongs to " + otherOwner(f, o)
	case o.Deleting:
		return "is being deleted"
	case !healthyEnough(o):
		return "is not ready" + text.After(": ", o.Reason)
	}
	return ""
}

// awaitsHooks returns whether nothing is wrong with the workloads of hooks but that they
// are not ready yet.
func awaitsHooks(f *facts.Facts) bool {
	return !slices.ContainsFunc(hookWorkloads(f), func(o facts.Object) bool {
		return hookFault(f, o) != "" && (o.Error != "" || !o.Exists || o.Deleting || o.Failed || ownerOfHook(f, o) == hookTheirs)
	})
}

const nextHooks = "See the workloads that are named here, which hooks made. A deploy makes one again only where its hook runs at an " +
	"upgrade, too; berth teardown, and a deploy after it, make all of them."
