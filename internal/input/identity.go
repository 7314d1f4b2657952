package input

var identity = []Input{
	{
		Name: "repository", Type: String, Verbs: reaching, CI: "the run's repository",
		Doc:   "Base repository as owner/name; its full URL where the host is not github.com and the run is outside CI.",
		field: func(o *Options) any { return &o.Repository }, check: checkRepository,
	},
	{
		Name: "head-repository", Type: String, Verbs: onRelease, CI: "the pull request's head repository",
		Doc:   "Repository that the branch lives in, when that is a fork; needed beside branch where the event does not tell it.",
		field: func(o *Options) any { return &o.HeadRepository }, check: checkRepository,
	},
	{
		Name: "branch", Type: String, Verbs: onRelease, CI: "the branch of the run, pull request or deletion",
		Doc: "Branch that the review app is for. It, or pull-request, has to be given where the event is about no branch, " +
			"such as a comment, a schedule, or a run that was started on the default branch.",
		field: func(o *Options) any { return &o.Branch }, check: checkBranch,
	},
	{
		Name: "pull-request", Type: Int, Verbs: onRelease, CI: "the pull or merge request's number",
		Doc: "Number of the pull or merge request. Its branch is looked up, with github-token or gitlab-token, " +
			"where neither branch nor the event tells it.",
		field: func(o *Options) any { return &o.PullRequest }, limits: limits{least: 1},
	},
	{
		Name: "sha", Type: String, Verbs: onRelease, CI: "the branch's commit",
		Doc:   "Commit that is deployed.",
		field: func(o *Options) any { return &o.SHA }, check: checkSHA,
	},
	{
		Name: "app", Type: String, Verbs: onRelease,
		Doc:   "Name of the application, part of the names made for it; the repository's name when left out. Each chart of a monorepo needs one.",
		field: func(o *Options) any { return &o.App },
	},
	{
		Name: "slug", Type: String, Verbs: onRelease,
		Doc:   "Takes the place of the slug that is made from the branch (see Names).",
		field: func(o *Options) any { return &o.Slug },
	},
	{
		Name: "namespace", Short: "n", Type: Template, Verbs: inNamespace,
		Doc:   "Namespace of the release; review-{{ .App }}-{{ .Slug }} when left out. One that is the same for every branch works too: list and sweep look in that one alone then.",
		field: func(o *Options) any { return &o.Namespace }, check: checkTemplate,
	},
	{
		Name: "release", Type: Template, Verbs: onRelease,
		Doc:   "Name of the release; {{ .App }} when left out, or {{ .App }}-{{ .Slug }} in a namespace that branches share.",
		field: func(o *Options) any { return &o.Release }, check: checkTemplate,
	},
	{
		Name: "url", Type: Template, Verbs: onRelease,
		Doc:   "URL at which the review app will answer, such as https://{{ .Slug }}.review.example.com.",
		field: func(o *Options) any { return &o.URL }, check: checkTemplate,
	},
	{
		Name: "adopt", Type: List, Alone: "true", Verbs: writing, items: adoptions, check: checkAdoption,
		Doc:   "What to take that carries no mark of Berth's: true, or the flag alone, the release; namespace the namespace; Kind/name, globs such as ConfigMap/* allowed, objects that are kept, a GitOps controller's, or of a release that cannot be found; all everything. Teardown then deletes the release and the namespace, and such objects where its own adopt names them, too, but not the one that auto makes of an event. What another release has on record is never taken. The flag is given as --adopt=VALUE.",
		field: func(o *Options) any { return &o.Adopt },
	},
}
