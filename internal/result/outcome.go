package result

// Outcome is what one Helm operation returned. It is a claim: what is stored
// is asked of the record store, and what runs is asked of the API server.
type Outcome struct {
	Revision int
	Chart    string // name-version
	Manifest string
	Notes    string // the chart's NOTES.txt; untrusted text
	// Applied says that the SDK came to the point where it marks the release
	// deployed: every hook returned and every object was applied and ready. The
	// recording may still have failed, and on an install Helm does not say so
	// (https://github.com/helm/helm/issues/13189).
	Applied bool
	// Cut says that the operation was stopped by its fence and can write
	// nothing more.
	Cut  bool
	Kept []string // uninstall: what was left, and why
	// Unproven are the hooks that were deleted while they were watched. Helm
	// counts that as their success.
	Unproven []string
	// Adopted are the objects that an install found in place with this
	// release's name on them: its records had been lost.
	Adopted []string
	// Taken are the objects taken over from a release that is no more.
	Taken []string
	// Missing are the objects of an uninstall of whose kind the API server knows
	// nothing any more.
	Missing []string
	// Phases are what the operation did when, since it began.
	Phases []Event
	// Diagnostics are what was found out about a rollout or a hook that failed.
	Diagnostics *Diagnostics
	Err         error
}
