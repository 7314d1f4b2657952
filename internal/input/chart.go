package input

var chart = []Input{
	{
		Name: "chart", Type: String, Verbs: rendering,
		Doc:   "Chart to deploy: a folder, a .tgz file, an oci:// reference, or a name together with repo.",
		field: func(o *Options) any { return &o.Chart }, check: checkSpaces,
	},
	{
		Name: "repo", Type: String, Verbs: rendering,
		Doc:   "URL of the chart repository that chart is a name in.",
		field: func(o *Options) any { return &o.ChartRepo }, check: checkHTTP,
	},
	{
		Name: "version", Type: String, Verbs: rendering,
		Doc:   "Version of the chart, or a range; the newest when left out. Only with repo or oci://.",
		field: func(o *Options) any { return &o.ChartVersion },
	},
	{
		Name: "renamed-from", Type: String, Verbs: deploying,
		Doc: "Name that the chart, or the app, had before. A release that was deployed from a chart or as an app of another name " +
			"is left alone, unless it is this one.",
		field: func(o *Options) any { return &o.RenamedFrom },
	},
	{
		Name: "dependency-update", Type: Switch, Default: "auto", Verbs: rendering,
		Doc:   "Fetch the chart's dependencies; auto does when they are not vendored in the chart's folder.",
		field: func(o *Options) any { return &o.DependencyUpdate },
	},
	{
		Name: "values", Short: "f", Type: List, Verbs: rendering,
		Doc: "Values files, later ones over earlier ones: paths, https:// addresses, or - for standard input. " +
			"Several may share a line, separated by commas. The paths are templates.",
		field: func(o *Options) any { return &o.Values }, items: splitPaths, check: checkPath,
	},
	{
		Name: "values-content", Type: YAML, Verbs: rendering, Secret: true,
		Doc: "Values as YAML text, over those of the files: of a CI secret, say. It is held in memory, and what it holds is kept out of " +
			"all that Berth logs and reports. GitHub itself prints what a step is given, unless it is a secret of the CI's or masked before.",
		field: func(o *Options) any { return &o.ValuesContent },
	},
	{
		Name: "set", Type: List, Verbs: rendering,
		Doc:   "Values as key=value. Templates: what a branch's name brings in stays one value, and text.",
		field: func(o *Options) any { return &o.Set }, check: checkSet,
	},
	{
		Name: "set-string", Type: List, Verbs: rendering,
		Doc:   "Values as key=value that stay strings. Templates.",
		field: func(o *Options) any { return &o.SetString }, check: checkSet,
	},
	{
		Name: "set-file", Type: List, Verbs: rendering,
		Doc:   "Values from files, as key=path; a path as in values. Templates.",
		field: func(o *Options) any { return &o.SetFile }, check: checkSetFile,
	},
	{
		Name: "set-json", Type: List, Verbs: rendering,
		Doc:   "Values as key=JSON, or as a JSON object of them, which may have several lines. Templates: what they print is JSON text.",
		field: func(o *Options) any { return &o.SetJSON }, items: joinJSON, check: checkSetJSON,
	},
	{
		Name: "skip-schema-validation", Type: Bool, Default: "false", Verbs: rendering,
		Doc:   "Do not hold the values against the chart's values.schema.json, for a schema that refers to a server which cannot be reached.",
		field: func(o *Options) any { return &o.SkipSchemaValidation },
	},
	{
		Name: "registry-username", Type: String, Verbs: rendering,
		Doc:   "User for the repository or registry that chart or repo names; its credentials go to no host that a chart names.",
		field: func(o *Options) any { return &o.RegistryUsername },
	},
	{
		Name: "registry-password", Type: String, Verbs: rendering, Secret: true,
		Doc:   "Password or token of that user.",
		field: func(o *Options) any { return &o.RegistryPassword },
	},
	{
		Name: "registry-host", Type: List, Verbs: rendering,
		Doc: "Further hosts, as host or host:port, that may have these credentials: those of the chart's dependencies, " +
			"and the place to log in of a registry that keeps it under another domain.",
		field: func(o *Options) any { return &o.RegistryHosts }, check: checkHost,
	},
	{
		Name: "registry-config", Type: String, Verbs: rendering,
		Doc: "Path of a registry credentials file, as helm registry login or docker login write it; " +
			"each of its credentials goes to the host that it is stored for, a dependency's too.",
		field: func(o *Options) any { return &o.RegistryConfig },
	},
	{
		Name: "ca-file", Type: String, Verbs: rendering,
		Doc:   "Path of the CA certificates that the chart's repository or registry is verified with.",
		field: func(o *Options) any { return &o.CAFile },
	},
}
