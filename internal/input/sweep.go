package input

import (
	"slices"
	"time"
)

// sweep is what a sweep takes down, and how much of it.
var sweep = []Input{
	{
		Name: "idle", Type: Duration, Default: "0s", Verbs: sweeping, limits: limits{days: true, longest: 3650 * day},
		Doc:   "Take down the apps to which nothing was deployed for so long, such as 14d; 0 leaves them.",
		field: func(o *Options) any { return &o.Idle },
	},
	{
		Name: "failed", Type: Duration, Default: "0s", Verbs: sweeping, limits: limits{days: true, longest: 3650 * day},
		Doc:   "Take down the apps whose last deploy failed so long ago, and nothing has changed since; 0 leaves them.",
		field: func(o *Options) any { return &o.Failed },
	},
	{
		Name: "stuck", Type: Duration, Default: "0s", Verbs: sweeping, limits: limits{days: true, longest: 3650 * day},
		Doc:   "Take down the apps whose last operation has not ended, and nothing has changed for so long; 0 leaves them.",
		field: func(o *Options) any { return &o.Stuck },
	},
	{
		Name: "max-apps", Type: Int, Default: "0", Verbs: expiring,
		Doc: "How many review apps the repository may have at once; 0 is any number. A deploy of one more is refused (exit 32) and names " +
			"those that run, and a sweep takes down those that were deployed longest ago.",
		field: func(o *Options) any { return &o.MaxApps },
	},
	{
		Name: "max-deletions", Type: Int, Default: "20", Verbs: sweeping,
		Doc:   "How many apps one sweep takes down at most, the oldest first; it ends with exit 32 where there are more.",
		field: func(o *Options) any { return &o.MaxDeletions }, limits: limits{least: 1},
	},
	{
		Name: "yes-many", Type: Bool, Default: "false", Verbs: sweeping,
		Doc:   "Take down more than half of the apps, too, where there are ten or more; without it nothing goes then (exit 32).",
		field: func(o *Options) any { return &o.YesMany },
	},
	{
		Name: "dry-run", Type: Bool, Default: "false", Verbs: slices.Concat(deploying, sweeping),
		Doc: "Change nothing: of a deploy, have each write tried and tell what would change, as preflight with a chart does; of a sweep, " +
			"say of each app whether it would go, and why. An auto that would take an app down does nothing.",
		field: func(o *Options) any { return &o.DryRun },
	},
}

// Sweeping is what a sweep takes down, and how much of it.
type Sweeping struct {
	Idle, Failed, Stuck time.Duration // 0 means never
	MaxApps             int           // 0 means any number
	MaxDeletions        int
	YesMany             bool
	DryRun              bool
}
