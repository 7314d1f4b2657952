// Package ownership says to whom an object belongs, by its labels, annotations
// and UID: to Berth, to a Helm release, or to a GitOps controller; and whether it
// is to be kept. It also holds the keys, so that each is written once.
package ownership

import "strconv"

// LabelManagedBy names the tool that manages an object. Helm and Berth both set
// it, each with its own value.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedByBerth = "berth"
	ManagedByHelm  = "Helm"
)

// Prefix is what the keys of Berth's labels and annotations have before the slash.
const Prefix = "berth.dev"

// Berth's labels on what it makes. They are for selecting, and a branch's name
// need not fit a label, so they hold hashes. Annotations hold the full text.
const (
	LabelApp        = "berth.dev/app"
	LabelIdentity   = "berth.dev/identity"
	LabelRepository = "berth.dev/repository"
)

// Berth's annotations on what it makes.
const (
	AnnotationHost           = "berth.dev/host"
	AnnotationRepository     = "berth.dev/repository"
	AnnotationHeadRepository = "berth.dev/head-repository"
	AnnotationBranch         = "berth.dev/branch"
	AnnotationPullRequest    = "berth.dev/pull-request"
	AnnotationRunURL         = "berth.dev/run-url"
	AnnotationApp            = "berth.dev/app"
	AnnotationURL            = "berth.dev/url"
	AnnotationRelease        = "berth.dev/release"

	// AnnotationNamespaceUID holds the UID of the object that it stands on.
	AnnotationNamespaceUID = "berth.dev/namespace-uid"
)

// Berth's annotations on a namespace that tell who has deployed there.
const (
	// AnnotationDeployedBy is the identity hash of the branch that made or adopted the
	// namespace. It alone has deployed there unless AnnotationShared is there, too.
	AnnotationDeployedBy = "berth.dev/deployed-by"
	// AnnotationShared says that another one has deployed there since. It is never
	// removed, and counts with any value.
	AnnotationShared = "berth.dev/shared"
	// AnnotationAdopted is when Berth adopted the namespace, in RFC 3339, by the API server's
	// clock. One that Berth made has none.
	AnnotationAdopted = "berth.dev/adopted"
	// AnnotationDeploy is the hash of the run that deployed there last. Every deploy
	// changes it, and once more when it has stored the first record of its release, so that a
	// deletion which was decided before finds another resourceVersion.
	AnnotationDeploy = "berth.dev/deploy"
	// AnnotationDeployed is "true" on a record that has said deployed. An uninstall writes over that, and over how
	// the revision had failed.
	AnnotationDeployed = "berth.dev/deployed"
)

// Origin is the branch that annotations name. It is untrusted text.
type Origin struct {
	Repository     string
	HeadRepository string
	Branch         string
	PullRequest    int // number; 0 means none
}

// OriginOf returns the branch that annotations name.
func OriginOf(annotations map[string]string) Origin {
	number, _ := strconv.Atoi(annotations[AnnotationPullRequest]) // what is no number is none
	return Origin{
		Repository:     annotations[AnnotationRepository],
		HeadRepository: annotations[AnnotationHeadRepository],
		Branch:         annotations[AnnotationBranch],
		PullRequest:    max(number, 0),
	}
}

// IsBerths reports whether Berth made, or was told to adopt, the object with this
// UID. The UID has to be in its annotations, so that a copy of its YAML under
// another name, or a namespace restored from a backup, does not count.
func IsBerths(uid string, labels, annotations map[string]string) bool {
	return uid != "" && labels[LabelManagedBy] == ManagedByBerth && annotations[AnnotationNamespaceUID] == uid
}
