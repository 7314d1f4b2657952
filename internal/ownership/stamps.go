package ownership

// Berth's annotations that tell, without a look at anything else, how a review app is: the
// verb list shows them, and sweep goes by them. A deploy writes them on the branch's own
// namespace before its first write, and on every record that it creates; in a namespace
// that branches share, on the records alone.
const (
	// AnnotationLastDeployed is when the last deploy began, in RFC 3339, by the API server's clock.
	AnnotationLastDeployed = "berth.dev/last-deployed"
	// AnnotationLastRelease is the release that was deployed then, on a namespace: there may be
	// several of a branch in its namespace, each with its own ttl.
	AnnotationLastRelease = "berth.dev/last-release"
	// AnnotationExpires is when the app may go, in RFC 3339: the last deploy and its ttl. An
	// app without a ttl has none.
	AnnotationExpires = "berth.dev/expires-at"
	// AnnotationDefaultBranch is "true" where the branch was the repository's default branch then, as the
	// CI or git said. No review app is made for that one by an event, and none is swept.
	AnnotationDefaultBranch = "berth.dev/default-branch"
	// AnnotationCommit is the commit that was deployed last.
	AnnotationCommit = "berth.dev/commit"
)

// Berth's annotations on the lock's Lease, which a run writes as it lets the lock go.
const (
	// AnnotationRequests is what the release's pods ask for, as cpu=250m,memory=1Gi.
	AnnotationRequests = "berth.dev/requests"
	// AnnotationVerdict is how the last run that proved the release ended, in the word of the
	// output verdict, such as consistent or deploy-failed.
	AnnotationVerdict = "berth.dev/verdict"
	// AnnotationVerdictAt is when, in RFC 3339, by the API server's clock.
	AnnotationVerdictAt = "berth.dev/verdict-at"
)
