package report

import "time"

//go:generate go run ./gen ../..

// Schema is the version of the JSON report. Fields may be added under it; one
// that changes its meaning or goes away makes a new version.
const Schema = "berth.dev/report/v1"

// Document is report.json: what one run of Berth did and saw. Fields may be added
// under this version; readers ignore those that they do not know. Lists are
// always there, so that a reader need not tell null from empty.
//
// docs/report.schema.json is generated from these types and their comments.
type Document struct {
	// The version of this report.
	Schema string `json:"schema"`
	// What was run: deploy, check, repair, teardown, preflight, auto.
	Verb string `json:"verb"`
	Ending
	App
	// The repairs that were made, with commas between them: promote, unlock,
	// discard, dedupe, relabel, quarantine, uninstall, rollback, clean-hooks,
	// sweep, adopt, take-over, record. Absent when none was.
	Repair string `json:"repair,omitempty"`
	// When the run began, UTC.
	Started time.Time `json:"started"`
	// How long it took, in milliseconds.
	TookMs int64 `json:"tookMs" jsonschema:"minimum=0"`
	Proof
	// What a deploy has changed, or would change. Absent where that is not known.
	Changes *Changes `json:"changes,omitempty"`
	Log
	// Why a rollout or a hook failed. Absent when none did.
	Diagnostics *Diagnostics `json:"diagnostics,omitempty"`
}

// Ending is how the run ended, why, and what to do about it.
type Ending struct {
	// How the run ended.
	Verdict Verdict `json:"verdict"`
	// The exit code that belongs to the verdict, also when soft-fail turned it
	// into 0.
	ExitCode int `json:"exitCode" jsonschema:"minimum=0,maximum=255"`
	// It is one of soft-fail, so that the step does not fail by it.
	Softened bool `json:"softened,omitempty"`
	// One line that a person can act on.
	Headline string `json:"headline"`
	// Why the run ended this way.
	Cause string `json:"cause,omitempty"`
	// What to do next. A line that begins with "$ " is a command.
	Next string `json:"next,omitempty"`
}

// Verdict is one of the values of problem.ExitReason.
type Verdict string

// App is the review app that the run was about.
type App struct {
	// The review app.
	App string `json:"app,omitempty"`
	// The branch that it belongs to. Untrusted text.
	Branch string `json:"branch,omitempty"`
	// The namespace of the release.
	Namespace string `json:"namespace,omitempty"`
	// The name of the Helm release.
	Release string `json:"release,omitempty"`
	// The last stored revision.
	Revision int `json:"revision,omitempty" jsonschema:"minimum=1"`
	// Its status, as stored.
	Status Status `json:"status,omitempty"`
	// The chart's name and version.
	Chart string `json:"chart,omitempty"`
	// Where the review app answers.
	URL string `json:"url,omitempty"`
	// The commit that was deployed; absent for other verbs.
	Commit string `json:"commit,omitempty"`
	// Where the platform shows it.
	CommitURL string `json:"commitUrl,omitempty"`
	// The number of the pull or merge request.
	PullRequest int `json:"pullRequest,omitempty" jsonschema:"minimum=1"`
	// Where the platform shows it.
	PullRequestURL string `json:"pullRequestUrl,omitempty"`
	// Where the platform shows the run; on GitLab, the job.
	RunURL string `json:"runUrl,omitempty"`
	// Who started the run, by the platform's login. Untrusted text.
	Actor string `json:"actor,omitempty"`
	// Whom the API server took this run for.
	User string `json:"user,omitempty"`
}

// Status is one of the values of facts.Status.
type Status string

// Cause is one of the values of facts.CauseKind.
type Cause string
