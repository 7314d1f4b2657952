package kube

// What Berth writes on the namespaces it makes. Hashes go into labels, since a
// branch's name need not fit one; the full text goes into annotations.
const (
	LabelManagedBy  = "app.kubernetes.io/managed-by"
	LabelApp        = "berth.dev/app"
	LabelIdentity   = "berth.dev/identity"
	LabelRepository = "berth.dev/repository"

	AnnotationBranch       = "berth.dev/branch"
	AnnotationNamespaceUID = "berth.dev/namespace-uid"
	AnnotationKeep         = "berth.dev/keep"

	// ManagedByBerth is the value of LabelManagedBy on what Berth makes.
	ManagedByBerth = "berth"
)
