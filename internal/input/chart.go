package input

var chart = []Input{
	{
		Name: "chart", Type: String, Verbs: deploying,
		Doc:   "Chart to deploy: a folder, a .tgz file, an oci:// reference, or a name together with repo.",
		field: func(o *Options) any { return &o.Chart },
	},
	{
		Name: "repo", Type: String, Verbs: deploying,
		Doc:   "URL of the chart repository that chart is a name in.",
		field: func(o *Options) any { return &o.ChartRepo }, check: checkHTTP,
	},
	{
		Name: "version", Type: String, Verbs: deploying,
		Doc:   "Version of the chart, or a range; the newest when left out. Only with repo or oci://.",
		field: func(o *Options) any { return &o.ChartVersion },
	},
	{
		Name: "dependency-update", Type: Switch, Default: "auto", Verbs: deploying,
		Doc:   "Fetch the chart's dependencies; auto does when they are not vendored in the chart's folder.",
		field: func(o *Options) any { return &o.DependencyUpdate },
	},
	{
		Name: "values", Short: "f", Type: List, Verbs: deploying,
		Doc:   "Values files, later ones over earlier ones. The paths are templates.",
		field: func(o *Options) any { return &o.Values }, check: checkTemplate,
	},
	{
		Name: "set", Type: List, Verbs: deploying,
		Doc:   "Values as key=value. Templates: what a branch's name brings in stays one value.",
		field: func(o *Options) any { return &o.Set }, check: checkSet,
	},
	{
		Name: "set-string", Type: List, Verbs: deploying,
		Doc:   "Values as key=value that stay strings. Templates.",
		field: func(o *Options) any { return &o.SetString }, check: checkSet,
	},
	{
		Name: "set-file", Type: List, Verbs: deploying,
		Doc:   "Values from files, as key=path. Templates.",
		field: func(o *Options) any { return &o.SetFile }, check: checkSet,
	},
	{
		Name: "set-json", Type: List, Verbs: deploying,
		Doc:   "Values as key=JSON, or one JSON object. Templates, to be used inside JSON strings.",
		field: func(o *Options) any { return &o.SetJSON }, check: checkSetJSON,
	},
	{
		Name: "registry-username", Type: String, Verbs: deploying,
		Doc:   "User for the chart's repository or registry.",
		field: func(o *Options) any { return &o.RegistryUsername },
	},
	{
		Name: "registry-password", Type: String, Verbs: deploying, Secret: true,
		Doc:   "Password or token of that user.",
		field: func(o *Options) any { return &o.RegistryPassword },
	},
	{
		Name: "registry-config", Type: String, Verbs: deploying,
		Doc:   "Path of a registry credentials file, as helm registry login or docker login write it.",
		field: func(o *Options) any { return &o.RegistryConfig },
	},
	{
		Name: "ca-file", Type: String, Verbs: deploying,
		Doc:   "Path of the CA certificates that the chart's repository or registry is verified with.",
		field: func(o *Options) any { return &o.CAFile },
	},
}
