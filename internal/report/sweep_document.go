package report

import (
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// SweepSchema is the version of the JSON report of a sweep. Fields may be added under it; one
// that changes its meaning or goes away makes a new version.
const SweepSchema = "berth.dev/sweep/v1"

// SweepDocument is report.json of a sweep: which review apps it found, and what became of each.
// Fields may be added under this version; readers ignore those that they do not know. Lists are
// always there, so that a reader need not tell null from empty.
//
// docs/sweep.schema.json is generated from these types and their comments.
type SweepDocument struct {
	// The version of this report.
	Schema string `json:"schema"`
	// What was run: sweep.
	Verb string `json:"verb"`
	Ending
	// Whose apps it was about, as host/owner/name; absent with all-repositories. Untrusted text.
	Repository string `json:"repository,omitempty"`
	// Nothing was to go: the apps say what a real run would do.
	DryRun bool `json:"dryRun"`
	// Why the platform was not asked, or did not answer; absent when it did. Where it was asked,
	// what it would have told of an app is not known, which keeps it; else apps go by their time.
	PlatformUnanswered string `json:"platformUnanswered,omitempty"`
	// Which limit kept apps from going; absent when none did.
	Stopped string `json:"stopped,omitempty"`
	// How many apps had each fate.
	Counts SweepCounts `json:"counts"`
	// The apps that were found.
	Apps []SweptApp `json:"apps"`
	// Where the platform shows the run; on GitLab, the job.
	RunURL string `json:"runUrl,omitempty"`
	// Who started the run, by the platform's login. Untrusted text.
	Actor string `json:"actor,omitempty"`
	// Whom the API server took this run for.
	User string `json:"user,omitempty"`
	// When the run began, UTC.
	Started time.Time `json:"started"`
	// How long it took, in milliseconds.
	TookMs int64 `json:"tookMs" jsonschema:"minimum=0"`
	// Permissions that the run lacked.
	Missing []MissingPermission `json:"missing"`
	// YAML that grants what was missing.
	RBAC string `json:"rbac,omitempty"`
	Log
}

// SweepCounts are how many apps had each fate.
type SweepCounts struct {
	// All that were found and that the sweep was about.
	Found int `json:"found" jsonschema:"minimum=0"`
	// Apps of other repositories, which were left alone.
	Others int `json:"others" jsonschema:"minimum=0"`
	// Gone, as their teardown proved.
	Went int `json:"went" jsonschema:"minimum=0"`
	// Would go, in a dry run.
	WouldGo int `json:"wouldGo" jsonschema:"minimum=0"`
	// Were to go, and a limit or a signal left them for the next time.
	Left int `json:"left" jsonschema:"minimum=0"`
	// Kept.
	Kept int `json:"kept" jsonschema:"minimum=0"`
	// Were to go, and are there still, or in part.
	Failed int `json:"failed" jsonschema:"minimum=0"`
}

// SweptApp is one review app, and what became of it.
type SweptApp struct {
	// The review app. Untrusted text.
	App string `json:"app,omitempty"`
	// The namespace of the release.
	Namespace string `json:"namespace"`
	// The name of the Helm release.
	Release string `json:"release"`
	// The platform of its repository. Untrusted text.
	Host string `json:"host,omitempty"`
	// Its repository, as owner/name. Untrusted text.
	Repository string `json:"repository,omitempty"`
	// The branch that it belongs to. Untrusted text.
	Branch string `json:"branch,omitempty"`
	// The number of the pull or merge request.
	PullRequest int `json:"pullRequest,omitempty" jsonschema:"minimum=1"`
	// Where it answered. Untrusted text.
	URL string `json:"url,omitempty"`
	// When it was deployed last, UTC.
	LastDeployed *time.Time `json:"lastDeployed,omitempty"`
	// When its ttl ends, UTC; absent where it has none.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	// What became of it.
	Fate Fate `json:"fate"`
	// The reason for that, as one word of those in docs/fleet.md.
	Reason string `json:"reason"`
	// The same as a sentence. Untrusted text.
	Why string `json:"why"`
	// How the teardown of one that failed ended.
	Verdict Verdict `json:"verdict,omitempty"`
	// What to do about it. A line that begins with "$ " is a command.
	Next string `json:"next,omitempty"`
	// It was kept for a reason that a person should look at.
	Look bool `json:"look,omitempty"`
	// What of it was kept, and why. Untrusted text.
	Left []string `json:"leftOver"`
	// How long it took to take it down, in milliseconds.
	TookMs int64 `json:"tookMs" jsonschema:"minimum=0"`
}

// Fate is one of the values of result.Fate.
type Fate string

// newSweepDocument returns what report.json says of a sweep.
func newSweepDocument(r result.Result) SweepDocument {
	s := r.Sweep
	if s == nil { // it ended before it looked for any
		s = &result.Sweep{}
	}
	return SweepDocument{
		Schema: SweepSchema,
		Verb:   string(r.Verb),
		Ending: Ending{
			Verdict: Verdict(r.Reason), ExitCode: r.ExitCode, Softened: r.Softened, Headline: headline(r), Cause: r.Cause, Next: r.Next,
		},
		Repository: s.Repository, DryRun: s.DryRun, PlatformUnanswered: s.Unanswered, Stopped: s.Stopped,
		Counts: SweepCounts{
			Found: len(s.Apps), Others: s.Others, Went: s.Count(result.FateWent), WouldGo: s.Count(result.FateWouldGo),
			Left: s.Count(result.FateLeft), Kept: s.Count(result.FateKept), Failed: s.Count(result.FateFailed),
		},
		Apps:   list(s.Apps, newSweptApp),
		RunURL: r.Pages.Run, Actor: r.Actor, User: r.User,
		Started: r.Started.UTC(), TookMs: r.Took.Milliseconds(),
		Missing: list(r.Missing, newMissingPermission), RBAC: r.RBAC,
		Log: newLog(r),
	}
}

func newSweptApp(a result.SweptApp) SweptApp {
	return SweptApp{
		App: a.App, Namespace: a.Namespace, Release: a.Release, Host: a.Host, Repository: a.Repository, Branch: a.Branch,
		PullRequest: a.PullRequest, URL: a.URL, LastDeployed: timeOrNone(a.LastDeployed), ExpiresAt: timeOrNone(a.Expires),
		Fate: Fate(a.Fate), Reason: string(a.Reason), Why: a.Why, Verdict: Verdict(a.Verdict), Next: a.Next, Look: a.Look,
		Left: list(a.Left, same), TookMs: a.Took.Milliseconds(),
	}
}

// timeOrNone returns a time in UTC, or nil for one that is not known.
func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
