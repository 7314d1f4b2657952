package result

import "github.com/berth-dev/berth/internal/facts"

// Outcome is what one Helm operation returned. What is really stored and running
// is read from the cluster afterwards.
type Outcome struct {
	Revision int
	Chart    string // name-version
	Manifest string
	Notes    string // the chart's NOTES.txt; untrusted text
	// Applied is set where Helm has marked the release deployed in memory: every
	// hook returned, and every object was applied and became ready. Writing the
	// record may still have failed, of which an install returns no error
	// (https://github.com/helm/helm/issues/13189).
	Applied bool
	// Cut is set where the fence stopped the operation. It can write nothing more.
	Cut bool
	// Changes are what it has made of the objects.
	Changes *Changes
	Kept    []string // what was to be deleted and was left, and why
	// Unproven are the hooks that were deleted while they ran, which Helm counts
	// as their success.
	Unproven []string
	// Left is what still differs from the manifest by the API server's answers to the
	// last writes of the objects: what admission made of them.
	Left facts.Baseline
	// Definitions are the names of the definitions of kinds in the chart's crds folder.
	Definitions []string
	// Unmended are the objects that could not be brought to the manifest, and why.
	Unmended map[facts.Ref]error
	// Adopted are the objects of this release that an install found in place,
	// because the release's records had been deleted.
	Adopted []string
	// Taken are the objects taken over: from a release that has no record left, or since
	// adopt names them.
	Taken []string
	// Missing are the objects of an uninstall whose kind the API server does not
	// have any more.
	Missing []string
	// Tests is how many tests the release has, where they were to be run.
	Tests int
	// Phases are the parts of the operation, timed from its begin.
	Phases []Event
	// FailedHooks are the hooks of an uninstall that failed.
	FailedHooks []FailedHook
	// Diagnostics say why a rollout or a hook failed.
	Diagnostics *Diagnostics
	Err         error
}

// FailedHook is a hook that failed.
type FailedHook struct {
	Name        string // as Kind/name
	Err         error
	Diagnostics *Diagnostics // nil: nothing is known beside the error
	Skipped     bool         // the operation went on without it
}
