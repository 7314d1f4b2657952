package facts

// Claim is a PersistentVolumeClaim that bears the name which a StatefulSet of the release
// gives to one of its pods' claims. Kubernetes leaves these when the set goes, unless the
// set says otherwise, and no manifest names them.
type Claim struct {
	Object
	Set      Ref  // the StatefulSet
	Holder   Ref  // a StatefulSet that is there and gives the same name; zero: none is
	Labelled bool // it carries the labels by which the set selects its pods, as the controller writes them
	ByName   bool // one of these labels is the release's name
	Doubtful bool // no revision of the release is known to have made the set
	// Going is set where the set's persistentVolumeClaimRetentionPolicy has it deleted with
	// the set, and did when the set went: the claim names the set as its owner.
	Going bool
	By    string // another object that it names as its owner, as kind/name; "": none
}

// ClaimScope says in which namespaces the claims of StatefulSets are looked for.
type ClaimScope string

// The scopes.
const (
	ClaimsAnywhere  ClaimScope = "anywhere" // wherever a StatefulSet is
	ClaimsOfRelease ClaimScope = "release"  // in the release's namespace
	ClaimsOfChart   ClaimScope = "chart"    // in that, and in those that the manifest has itself
)
