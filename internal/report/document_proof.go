package report

import "time"

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
	// What that comes of, where it was found out.
	Cause Cause `json:"cause,omitempty"`
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
	// The chart hands it on to somebody, by a Role or a binding: nobody may grant what they do not have.
	HandedOn bool `json:"handedOn,omitempty"`
	// Nobody but the chart has told what its kind is served as.
	Guessed bool `json:"guessed,omitempty"`
}
