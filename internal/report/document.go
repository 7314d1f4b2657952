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
	// Whom the API server took this run for.
	User string `json:"user,omitempty"`
}

// Status is one of the values of facts.Status.
type Status string

// Proof is what the run saw of the release.
type Proof struct {
	// How often the consistency check looked.
	Attempts int `json:"checkAttempts" jsonschema:"minimum=0"`
	// The consistency checks, in the order they were made.
	Checks []Check `json:"checks"`
	// The objects of the release as the cluster shows them.
	Objects []Object `json:"objects"`
	// Every permission that was found missing.
	Missing []MissingPermission `json:"missingPermissions"`
	// The YAML to apply so that nothing is missing.
	RBAC string `json:"rbac,omitempty"`
	// What a teardown left, and why.
	Kept []string `json:"kept"`
	// What hooks and StatefulSets of a removed release have left behind, and why it
	// stays. Absent when nothing is.
	Remains []string `json:"remains,omitempty"`
	// Reasons, events and last log lines, bounded. Untrusted text.
	Evidence []string `json:"evidence"`
}

// Check is one consistency check.
type Check struct {
	// Its stable name: last-revision, status, one-deployed, manifest, objects,
	// ownership, contents, ready, hooks.
	Name string `json:"name"`
	// What it asks.
	Title string `json:"title"`
	// Whether it held.
	OK bool `json:"ok"`
	// What was seen.
	Detail string `json:"detail,omitempty"`
	// What did not hold, one line each. Untrusted text.
	Findings []string `json:"findings,omitempty"`
}

// Reference names an object of the cluster.
type Reference struct {
	// Its API version: apps/v1, v1.
	APIVersion string `json:"apiVersion"`
	// Its kind.
	Kind string `json:"kind"`
	// Its namespace; absent for cluster-scoped ones.
	Namespace string `json:"namespace,omitempty"`
	// Its name.
	Name string `json:"name"`
}

// Object is one object of the release.
type Object struct {
	Reference
	// Its UID.
	UID string `json:"uid,omitempty"`
	// When it was created.
	Created time.Time `json:"created,omitzero"`
	// The newest write to it, its status aside.
	Touched time.Time `json:"touched,omitzero"`
	// It exists.
	Exists bool `json:"exists"`
	// It carries this release's ownership.
	Owned bool `json:"owned"`
	// The namespace/release that it names as its owner.
	Owner string `json:"owner,omitempty"`
	// It is being deleted.
	Deleting bool `json:"deleting,omitempty"`
	// The annotation helm.sh/resource-policy keeps it.
	Kept bool `json:"kept,omitempty"`
	// It is ready.
	Ready bool `json:"ready"`
	// It cannot become ready by waiting.
	Failed bool `json:"failed,omitempty"`
	// A Job or Pod that ran to its end.
	Complete bool `json:"complete,omitempty"`
	// Why it is not ready. Untrusted text.
	Reason string `json:"reason,omitempty"`
	// What is to be told of it although it counts as ready. Untrusted text.
	Remark string `json:"remark,omitempty"`
	// The remark is a warning.
	Warning bool `json:"warning,omitempty"`
	// It need not be ready: wait-ignore names it.
	Ignored bool `json:"ignored,omitempty"`
	// A Job that had ended, and was deleted for its ttlSecondsAfterFinished.
	Expired bool `json:"expired,omitempty"`
	// The paths of differences.
	Drift string `json:"drift,omitempty"`
	Contents
	// Why it could not be read.
	Error string `json:"error,omitempty"`
}

// Contents is how an object differs from what the record says.
type Contents struct {
	// The fields that differ and count.
	Differences []Difference `json:"differences,omitempty"`
	// What is worth a word and is no difference, or one that is accepted.
	// Untrusted text.
	Notes []string `json:"notes,omitempty"`
}

// Difference is a field at which an object is not as the record says. The values
// are cut, for people.
type Difference struct {
	// The field: spec.template.spec.containers[web].image.
	Path string `json:"path"`
	// What the record says; absent where it says nothing. Untrusted text.
	Recorded string `json:"recorded,omitempty"`
	// What is there; absent where nothing is. Untrusted text.
	Live string `json:"live,omitempty"`
	// The field manager that wrote it last, where it can be told. Untrusted text.
	Author string `json:"author,omitempty"`
	// When it did.
	Written time.Time `json:"written,omitzero"`
}

// MissingPermission is a permission that the run lacks.
type MissingPermission struct {
	// The verb.
	Verb string `json:"verb"`
	// The API group; absent for the core group.
	Group string `json:"group,omitempty"`
	// The resource.
	Resource string `json:"resource"`
	// The namespace; absent for cluster-scoped resources.
	Namespace string `json:"namespace,omitempty"`
	// The name, when only one object is meant.
	Name string `json:"name,omitempty"`
	// What it is needed for.
	Why string `json:"why"`
	// The run goes on without it.
	Optional bool `json:"optional,omitempty"`
	// What the API server said. Untrusted text.
	Reason string `json:"reason,omitempty"`
}

// Log is what the run did, and what it has to tell besides.
type Log struct {
	// The chart's NOTES.txt. Untrusted text.
	ChartNotes string `json:"chartNotes,omitempty"`
	// What was worth an annotation.
	Annotations []Annotation `json:"annotations"`
	// What happened when.
	Timeline []Event `json:"timeline"`
	// Every write of the release record and what became of it.
	Writes []Write `json:"recordWrites"`
	// What was sent to the API server.
	Requests []Requests `json:"requests"`
	// The sums of requests.
	Totals Totals `json:"requestTotals"`
}

// Annotation is a note beside the job.
type Annotation struct {
	// How loud it is.
	Level Level `json:"level"`
	// Its title.
	Title string `json:"title"`
	// Its text. Untrusted text.
	Message string `json:"message"`
}

// Level is one of the values of result.Level.
type Level string

// Event is one moment of the run.
type Event struct {
	// Milliseconds since the start of the run.
	AtMs int64 `json:"atMs"`
	// How long it took, in milliseconds; 0 for a moment.
	TookMs int64 `json:"tookMs"`
	// What happened. It may name objects, which is untrusted text.
	What string `json:"what"`
	// What the time went to, as far as it is told. Absent when it is not.
	Parts []Event `json:"parts,omitempty"`
}

// Write is one write of the record store.
type Write struct {
	// Milliseconds since the start of the run.
	AtMs int64 `json:"atMs"`
	// create, update or delete.
	Verb string `json:"verb"`
	// secrets or configmaps.
	Resource string `json:"resource"`
	// The record's name.
	Key string `json:"key"`
	// The revision.
	Revision int `json:"revision"`
	// The status that it meant to store.
	Status Status `json:"status,omitempty"`
	// How often it was sent.
	Tries int `json:"tries"`
	// The answer was lost; reading back settled it.
	Lost bool `json:"responseLost"`
	// 403: not allowed.
	Denied bool `json:"denied"`
	// 409: somebody else wrote.
	Conflict bool `json:"conflict"`
	// No answer: it may or may not be stored.
	Unknown bool `json:"unknown"`
	// What the API server said. Untrusted text.
	Error string `json:"error,omitempty"`
}

// Requests counts the requests of one kind.
type Requests struct {
	// The verb.
	Verb string `json:"verb"`
	// The resource.
	Resource string `json:"resource"`
	// How many.
	Count int `json:"count"`
	// Bytes sent.
	Sent int64 `json:"sentBytes"`
	// Bytes received.
	Received int64 `json:"receivedBytes"`
}

// Totals are the sums of all requests.
type Totals struct {
	// Requests.
	Count int `json:"count" jsonschema:"minimum=0"`
	// Bytes, both ways.
	Bytes int64 `json:"bytes" jsonschema:"minimum=0"`
}

// Diagnostics are what was found out about a rollout or a hook that failed.
type Diagnostics struct {
	// One line. Untrusted text.
	Reason string `json:"reason"`
	// The objects that show what is wrong, at most 5.
	Symptoms []Symptom `json:"symptoms,omitempty"`
}

// Symptom is a pod, or a workload that has none.
type Symptom struct {
	Reference
	// Why it is not ready. Untrusted text.
	Reason string `json:"reason,omitempty"`
	// The last events about it, oldest first, at most 5 of at most 512 bytes.
	// Untrusted text.
	Events []string `json:"events,omitempty"`
	// What its failing containers printed at last, of at most 5 containers in all.
	Logs []LogTail `json:"logs,omitempty"`
}

// LogTail is the end of a container's log.
type LogTail struct {
	// The container.
	Container string `json:"container"`
	// It is the log from before the last restart.
	Previous bool `json:"previous,omitempty"`
	// At most 20 lines of at most 512 bytes. Untrusted text.
	Lines []string `json:"lines,omitempty"`
	// Why it could not be read. Untrusted text.
	Error string `json:"error,omitempty"`
}
