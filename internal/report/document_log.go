package report

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
	// The file that is to be corrected, from the workspace on. Untrusted text.
	File string `json:"file,omitempty"`
	// The line in it.
	Line int `json:"line,omitempty" jsonschema:"minimum=1"`
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
	// What is the matter with each object that failed, or that was not ready when the
	// time was over.
	Faults []Fault `json:"faults,omitempty"`
	// The objects that show what is wrong, at most 5.
	Symptoms []Symptom `json:"symptoms,omitempty"`
}

// Fault is what is the matter with one object of the release, or with a hook.
type Fault struct {
	Reference
	// What it comes of.
	Cause Cause `json:"cause"`
	// The container that has it.
	Container string `json:"container,omitempty"`
	// What it is about: the image, the Secret, the quota, the node. Untrusted text.
	About string `json:"about,omitempty"`
	// What whoever found it says; of a container that ended, the line of its log that
	// tells why. Untrusted text.
	Said string `json:"said,omitempty"`
	// The exit code of a container that ended.
	ExitCode int `json:"exitCode,omitempty"`
	// The object is a hook.
	Hook bool `json:"hook,omitempty"`
	// The time was over, and nothing had failed before.
	Late bool `json:"late,omitempty"`
}

// Symptom is a pod, or a workload that has none.
type Symptom struct {
	Reference
	// Why it is not ready. Untrusted text.
	Reason string `json:"reason,omitempty"`
	// What that comes of, where it is a pod.
	Cause Cause `json:"cause,omitempty"`
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
	// At most 20 lines of at most 512 bytes: the last, or those about a panic that a
	// longer stack follows. Untrusted text.
	Lines []string `json:"lines,omitempty"`
	// The one of them that tells why the container ended. Untrusted text.
	Telling string `json:"telling,omitempty"`
	// Why it could not be read. Untrusted text.
	Error string `json:"error,omitempty"`
}
