package input

import (
	"time"

	"github.com/berth-dev/berth/internal/verb"
)

var behaviour = []Input{
	{
		Name: "timeout", Type: Duration, Default: "5m", Verbs: reaching, limits: limits{positive: true, longest: 24 * time.Hour},
		Doc:   "Budget of the whole operation, from the moment the lock is held where there is one; 24h at most. check-timeout and probe-timeout come on top.",
		field: func(o *Options) any { return &o.Timeout },
	},
	{
		Name: "lock-timeout", Type: Duration, Default: "5m", Verbs: writing,
		Doc:   "How long to wait for another operation on the same release; 0 does not wait.",
		field: func(o *Options) any { return &o.LockTimeout },
	},
	{
		Name: "lock-duration", Type: Duration, Default: "30s", Verbs: readingLock,
		limits: limits{shortest: 3 * time.Second, longest: 10 * time.Minute},
		Doc:    "How long the lock holds unless it is renewed, from 3s to 10m; a run that was killed counts as dead three times as long after its last sign.",
		field:  func(o *Options) any { return &o.LockDuration },
	},
	{
		Name: "check-timeout", Type: Duration, Default: "1m", Verbs: proving, limits: limits{positive: true},
		Doc:   "Budget of the consistency check with its retries.",
		field: func(o *Options) any { return &o.CheckTimeout },
	},
	{
		Name: "confirm", Type: Int, Default: "1", Verbs: proving, limits: limits{least: 1},
		Doc:   "How many good observations in a row prove consistency.",
		field: func(o *Options) any { return &o.Confirm },
	},
	{
		Name: "ignore-drift", Type: List, Verbs: proving,
		Doc:   "Fields that may differ from what the record says, as Kind/name:path, such as Deployment/web:spec.replicas; * stands for any text, and a path also names what is below it.",
		field: func(o *Options) any { return &o.IgnoreDrift }, check: checkFieldPattern,
	},
	{
		Name: "rbac-wait", Type: Duration, Default: "10s", Verbs: asking,
		Doc:   "How long a denied permission is asked for again, since a RoleBinding may be on its way.",
		field: func(o *Options) any { return &o.RBACWait },
	},
	{
		Name: "assume-dead-after", Type: Duration, Default: "30m", Verbs: readingLock,
		Doc:   "After how long a silence somebody else's unfinished operation counts as dead; 0 means never.",
		field: func(o *Options) any { return &o.AssumeDeadAfter },
	},
	{
		Name: "on-stuck", Type: Choice, Default: "auto", Verbs: repairing,
		Choices: []string{"auto", "promote", "unlock", "rollback", "uninstall", "fail"},
		Doc:     "What to do with a stuck release: auto chooses the safest repair, promote marks it deployed where all it describes is proven, unlock marks it failed, rollback returns to the last good revision, uninstall removes it, fail touches nothing.",
		field:   func(o *Options) any { return &o.OnStuck },
	},
	{
		Name: "break-lock", Type: Bool, Default: "false", Verbs: []verb.Verb{verb.Repair},
		Doc:   "Take the lock of a run that did not let it go, once nobody has renewed it for as long as it claims to last, 10m at most; one that is renewed is left alone.",
		field: func(o *Options) any { return &o.BreakLock },
	},
	{
		Name: "on-failure", Type: Choice, Default: "keep", Choices: []string{"keep", "rollback", "uninstall"}, Verbs: deploying,
		Doc:   "What to do after a deploy that failed: keep leaves it to be looked at, rollback returns to the last good revision, uninstall removes the release.",
		field: func(o *Options) any { return &o.OnFailure },
	},
	{
		Name: "delete-hooks", Type: Bool, Default: "false", Verbs: changing,
		Doc:   "At teardown, delete what the release's hooks made and no delete policy removes, where the namespace stays; claims are left to delete-claims.",
		field: func(o *Options) any { return &o.DeleteHooks },
	},
	{
		Name: "delete-claims", Type: Bool, Default: "false", Verbs: changing,
		Doc:   "At teardown, delete the claims of the release's StatefulSets and hooks, and with them their data, where the namespace stays.",
		field: func(o *Options) any { return &o.DeleteClaims },
	},
	{
		Name: "skip-failed-hooks", Type: Bool, Default: "false", Verbs: writing,
		Doc:   "At teardown, go on without a pre-delete or post-delete hook that fails; a warning tells of it, with what it printed.",
		field: func(o *Options) any { return &o.SkipFailedHooks },
	},
	{
		Name: "strip-finalizers", Type: List, Verbs: writing, check: checkStripped,
		Doc: "Kinds, as GROUP/KIND, such as example.com/Widget or v1/ConfigMap, whose finalizers a teardown takes off where nothing happens " +
			"any more to an object of the release, or of the namespace that goes with it, that is being deleted. " +
			"What serves them then cleans up nothing.",
		field: func(o *Options) any { return &o.StripFinalizers },
	},
	{
		Name: "fail-fast", Type: Bool, Default: "true", Verbs: deploying,
		Doc:   "End a rollout as soon as it cannot succeed (a missing image, a crash loop, an exceeded quota), not at the timeout.",
		field: func(o *Options) any { return &o.FailFast },
	},
	{
		Name: "settle", Type: Duration, Default: "3s", Verbs: deploying,
		Doc:   "How long a container that has no readiness probe, or that restarted during the rollout, has to run before it counts as ready; 0 takes it for ready as soon as it runs.",
		field: func(o *Options) any { return &o.Settle },
	},
	{
		Name: "image-wait", Type: Duration, Default: "0s", Verbs: deploying,
		Doc:   "How long an image that the registry does not have is waited for, where the job that builds it runs beside the deploy; 0 fails the rollout at once.",
		field: func(o *Options) any { return &o.ImageWait },
	},
	{
		Name: "wait-ignore", Type: List, Verbs: proving, check: checkObjectPattern,
		Doc:   "Objects that need not become ready, as Kind/name, globs such as ExternalSecret/* allowed: they are not waited for, and the check asks only that they are there.",
		field: func(o *Options) any { return &o.WaitIgnore },
	},
	{
		Name: "ttl", Type: Duration, Default: "0s", Verbs: expiring, limits: limits{days: true, longest: 3650 * day},
		Doc: "How long the review app may stay after its last deploy, such as 72h or 7d, until a sweep takes it down; " +
			"a deploy without it takes back what the one before has set.",
		field: func(o *Options) any { return &o.TTL },
	},
	{
		Name: "max-history", Type: Int, Default: "10", Verbs: creating,
		Doc:   "How many revisions are kept; 0 keeps all. One that failed is kept beyond that where it alone tells of an object, until a deploy goes well and removes that.",
		field: func(o *Options) any { return &o.MaxHistory },
	},
	{
		Name: "create-namespace", Type: Bool, Default: "true", Verbs: creating,
		Doc:   "Make the namespace when it is not there.",
		field: func(o *Options) any { return &o.CreateNamespace },
	},
	{
		Name: "namespace-label", Type: List, Verbs: deploying,
		Doc:   "Labels, as key=value, for a namespace that Berth makes.",
		field: func(o *Options) any { return &o.NamespaceLabels },
	},
	{
		Name: "copy-secret", Type: List, Verbs: copying, check: checkCopy,
		Doc: "Secrets of other namespaces that are copied into the release's before the chart is deployed, as NAMESPACE/NAME or " +
			"NAMESPACE/NAME=NEWNAME, one a line. A deploy copies anew what has changed; a copy goes with the release.",
		field: func(o *Options) any { return &o.CopySecrets },
	},
	{
		Name: "quota", Type: String, Verbs: creating, check: checkFilePath,
		Doc:   "Path of a YAML file with ResourceQuota and LimitRange that are applied, before the chart is deployed, in a namespace that Berth makes for a branch.",
		field: func(o *Options) any { return &o.Quota },
	},
	{
		Name: "namespace-owns", Type: List, Verbs: changing, check: checkObjectPattern,
		Doc:   "What your workflows add to the namespace that Berth makes for a branch, as Kind/name, globs such as Secret/registry-* allowed: at teardown it goes with the namespace.",
		field: func(o *Options) any { return &o.NamespaceOwns },
	},
	{
		Name: "delete-foreign", Type: Bool, Default: "false", Verbs: writing,
		Doc:   "At teardown, delete the namespace that Berth made for the branch also where others have put something into it, or marked it to be kept; likewise a Namespace, CustomResourceDefinition or PersistentVolume of the chart in which others have something.",
		field: func(o *Options) any { return &o.DeleteForeign },
	},
	{
		Name: "delete-kept", Type: Bool, Default: "false", Verbs: writing,
		Doc:   "At teardown, delete the namespace that Berth made for the branch also where objects of the release in it are to be kept (helm.sh/resource-policy).",
		field: func(o *Options) any { return &o.DeleteKept },
	},
	{
		Name: "preflight", Type: Choice, Default: "storage", Choices: []string{"storage", "full", "off"}, Verbs: asking,
		Doc:   "Which permissions are asked about before the first write: those to store the release, with full also those that the chart's own objects take, or none.",
		field: func(o *Options) any { return &o.Preflight },
	},
	{
		Name: "soft-fail", Type: Codes, Verbs: reaching,
		Doc:   "Exit codes that become a warning and 0, such as 21, 22.",
		field: func(o *Options) any { return &o.SoftFail },
	},
	{
		Name: "output", Short: "o", Type: Choice, Default: "text", Choices: []string{"text", "json", "markdown", "html"}, Verbs: reaching,
		Doc:   "What is printed on standard output; markdown and html are of list alone.",
		field: func(o *Options) any { return &o.Output },
	},
	{
		Name: "report-dir", Type: String, Verbs: reaching,
		Doc:   "Folder for report.html, report.json, report.md, junit.xml, annotations.json and berth.env; in the action one of the workspace.",
		field: func(o *Options) any { return &o.ReportDir },
	},
	{
		Name: "comment", Type: Bool, Default: "false", Verbs: telling,
		Doc:   "Keep one comment on the pull request that says how the review app is, on GitLab one on the merge request. It needs github-token with pull-requests: write, or gitlab-token with the scope api; what it lacks is a notice.",
		field: func(o *Options) any { return &o.Comment },
	},
	{
		Name: "deployment", Type: Bool, Default: "false", Verbs: telling,
		Doc:   "Make a GitHub deployment of each deploy, with its status and URL, and make it inactive at teardown. It needs github-token with deployments: write; what it lacks is a notice. The job's environment shows one without any token.",
		field: func(o *Options) any { return &o.Deployment },
	},
	{
		Name: "log-level", Type: Choice, Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Verbs: reaching,
		Doc:   "How much is printed while a run goes on: debug adds Helm's own log and every write of the record, warn and error leave out the progress. How the run ended is always shown. `RUNNER_DEBUG=1`, which GitHub sets where debug logging is enabled for a run, and `CI_DEBUG_TRACE=true` on GitLab mean debug.",
		field: func(o *Options) any { return &o.LogLevel },
	},
	{
		Name: "github-token", Type: String, Verbs: readingLock, Secret: true,
		CI: "the job's own token, in the action", Action: "${{ github.token }}",
		Doc: "Token with the permission actions: read, to ask GitHub whether the run that left an operation unfinished has ended; " +
			"with pull-requests: read also for the branch of a pull-request that is given by its number, and whether " +
			"another one of a branch is open, and with pull-requests: write for the comment and for commands, " +
			"and deployments: write for the deployment.",
		field: func(o *Options) any { return &o.GitHubToken },
	},
	{
		Name: "gitlab-token", Type: String, Verbs: readingLock, Secret: true,
		Doc: "Token with the scope read_api, to ask GitLab whether the job that left an operation unfinished has ended " +
			"(where it is not given, the job's own token asks for that), " +
			"and for the branch of a merge request that is given by its number, " +
			"or with the scope api for the comment; a job's own token may do neither of these.",
		field: func(o *Options) any { return &o.GitLabToken },
	},
}
