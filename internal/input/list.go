package input

import (
	"slices"
	"strings"
)

// fleet is of the verbs that find review apps.
var fleet = []Input{
	{
		Name: "all-repositories", Type: Bool, Default: "false", Verbs: ofMany,
		Doc: "The review apps of every repository, and not only of this one. A sweep asks no platform about those of others: " +
			"they go by their time alone.",
		field: func(o *Options) any { return &o.AllRepositories },
	},
	{
		Name: "all-releases", Type: Bool, Default: "false", Verbs: listing,
		Doc:   "List every release of Helm's, whoever deployed it.",
		field: func(o *Options) any { return &o.AllReleases },
	},
	{
		Name: "check", Type: Bool, Default: "false", Verbs: listing,
		Doc:   "Prove each of the apps as check does, and end with 24 where one is not as it should be; changes nothing of them.",
		field: func(o *Options) any { return &o.Check },
	},
	{
		Name: "all", Type: Bool, Default: "false", Verbs: mending,
		Doc: "Repair every review app of the repository that is stuck, where its operation is known to be dead. By on-stuck auto nothing " +
			"is deleted then.",
		field: func(o *Options) any { return &o.All },
	},
	{
		Name: "watch", Short: "w", Type: Bool, Default: "false", Verbs: listing,
		Doc:   "Go on until a signal comes: a terminal shows the table as it is, and a log one line for each change.",
		field: func(o *Options) any { return &o.Watch },
	},
	{
		Name: "serve", Type: String, Verbs: listing, check: checkAddress,
		Doc: "Go on until a signal comes and serve the list over HTTP on this address, such as :8080: as a page, as JSON at /fleet.json, and " +
			"for Prometheus at /metrics. /healthz says whether it is up to date.",
		field: func(o *Options) any { return &o.Serve },
	},
	{
		Name: "totals", Type: String, Verbs: slices.Concat(listing, sweeping), check: checkObjectName,
		Doc: "A ConfigMap, as NAMESPACE/NAME, in which each sweep counts what it did, and which serve shows among its metrics. " +
			"It has to exist.",
		field: func(o *Options) any { return &o.Totals },
	},
}

// Fleet is which review apps are looked for.
type Fleet struct {
	AllRepositories bool
	AllReleases     bool
	Check           bool
	All             bool // of repair: every review app, and not one
	Watch           bool
	Serve           string // host:port; empty means not at all
	Totals          string // namespace/name; empty means none
}

// TotalsName returns the namespace and the name of the ConfigMap in which sweeps count; "" for none.
func (f *Fleet) TotalsName() (namespace, name string) {
	namespace, name, _ = strings.Cut(f.Totals, "/")
	return namespace, name
}
