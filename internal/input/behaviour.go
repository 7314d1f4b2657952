package input

var (
	settling = []string{Deploy, Check, Repair}
	locking  = []string{Deploy, Check, Repair, Teardown}
	asking   = []string{Deploy, Repair, Teardown, Preflight}
	making   = []string{Deploy, Preflight}
)

var behaviour = []Input{
	{
		Name: "timeout", Type: Duration, Default: "5m", Verbs: all, some: true,
		Doc:   "Budget of the whole operation, from the moment the lock is held where there is one.",
		field: func(o *Options) any { return &o.Timeout },
	},
	{
		Name: "lock-timeout", Type: Duration, Default: "5m", Verbs: writing,
		Doc:   "How long to wait for another operation on the same release; 0 does not wait.",
		field: func(o *Options) any { return &o.LockTimeout },
	},
	{
		Name: "check-timeout", Type: Duration, Default: "1m", Verbs: settling, some: true,
		Doc:   "Budget of the consistency check with its retries.",
		field: func(o *Options) any { return &o.CheckTimeout },
	},
	{
		Name: "confirm", Type: Int, Default: "1", Verbs: settling, least: 1,
		Doc:   "How many good observations in a row prove consistency.",
		field: func(o *Options) any { return &o.Confirm },
	},
	{
		Name: "rbac-wait", Type: Duration, Default: "10s", Verbs: asking,
		Doc:   "How long a denied permission is asked for again, since a RoleBinding may be on its way.",
		field: func(o *Options) any { return &o.RBACWait },
	},
	{
		Name: "assume-dead-after", Type: Duration, Default: "30m", Verbs: locking,
		Doc:   "After how long a silence somebody else's unfinished operation counts as dead; 0 means never.",
		field: func(o *Options) any { return &o.AssumeDeadAfter },
	},
	{
		Name: "on-stuck", Type: Choice, Default: "auto", Choices: []string{"auto", "promote", "unlock", "fail"}, Verbs: []string{Deploy, Repair},
		Doc:   "What to do with a stuck release: auto chooses the safest repair, fail makes none.",
		field: func(o *Options) any { return &o.OnStuck },
	},
	{
		Name: "max-history", Type: Int, Default: "10", Verbs: making,
		Doc:   "How many revisions are kept; 0 keeps all.",
		field: func(o *Options) any { return &o.MaxHistory },
	},
	{
		Name: "create-namespace", Type: Bool, Default: "true", Verbs: making,
		Doc:   "Make the namespace when it is not there.",
		field: func(o *Options) any { return &o.CreateNamespace },
	},
	{
		Name: "namespace-label", Type: List, Verbs: deploying,
		Doc:   "Labels, as key=value, for a namespace that Berth makes.",
		field: func(o *Options) any { return &o.NamespaceLabels },
	},
	{
		Name: "preflight", Type: Choice, Default: "storage", Choices: []string{"storage", "off"}, Verbs: asking,
		Doc:   "Which permissions are asked about before the first write: those to store the release, or none.",
		field: func(o *Options) any { return &o.Preflight },
	},
	{
		Name: "soft-fail", Type: Codes, Verbs: all,
		Doc:   "Exit codes that become a warning and 0, such as 21, 22.",
		field: func(o *Options) any { return &o.SoftFail },
	},
	{
		Name: "output", Short: "o", Type: Choice, Default: "text", Choices: []string{"text", "json"}, Verbs: all,
		Doc:   "What is printed on standard output.",
		field: func(o *Options) any { return &o.Output },
	},
	{
		Name: "report-dir", Type: String, Verbs: all,
		Doc:   "Folder for report.json, report.md, junit.xml, annotations.json and berth.env.",
		field: func(o *Options) any { return &o.ReportDir },
	},
	{
		Name: "log-level", Type: Choice, Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Verbs: all,
		Doc:   "How much is logged; debug shows Helm's own log and every write of the record.",
		field: func(o *Options) any { return &o.LogLevel },
	},
}
