package input

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
}

// Fleet is which review apps are looked for.
type Fleet struct {
	AllRepositories bool
	AllReleases     bool
	Check           bool
	All             bool // of repair: every review app, and not one
	Watch           bool
}
