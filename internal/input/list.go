package input

// fleet is of the verbs that find review apps.
var fleet = []Input{
	{
		Name: "all-repositories", Type: Bool, Default: "false", Verbs: finding,
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
		Name: "watch", Short: "w", Type: Bool, Default: "false", Verbs: listing,
		Doc:   "Go on until a signal comes: a terminal shows the table as it is, and a log one line for each change.",
		field: func(o *Options) any { return &o.Watch },
	},
}

// Fleet is which review apps are looked for.
type Fleet struct {
	AllRepositories bool
	AllReleases     bool
	Watch           bool
}
