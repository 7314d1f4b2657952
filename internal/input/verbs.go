package input

import "github.com/berth-dev/berth/internal/verb"

// The verbs that take an input, named by the property for which they do.
var (
	all       = verb.With(func(p verb.Properties) bool { return p.OnRelease })
	writing   = verb.With(func(p verb.Properties) bool { return p.Writes })
	settling  = verb.With(func(p verb.Properties) bool { return p.Proves })
	locking   = verb.With(func(p verb.Properties) bool { return p.ReadsLock })
	asking    = verb.With(func(p verb.Properties) bool { return p.AsksAccess })
	making    = verb.With(func(p verb.Properties) bool { return p.DeployAccess })
	repairing = verb.With(func(p verb.Properties) bool { return p.Repairs })
	deploying = verb.With(func(p verb.Properties) bool { return p.NeedsChart })
)
