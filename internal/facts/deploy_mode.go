package facts

// DeployMode says by which Helm operation a chart is brought onto the cluster.
type DeployMode string

// The ways to deploy a chart.
const (
	ModeInstall DeployMode = "install" // the first revision
	ModeReplace DeployMode = "replace" // an install over stored revisions of which none was ever deployed
	ModeUpgrade DeployMode = "upgrade"
)

// Preview is a deploy of which it is to be told what it would change.
type Preview struct {
	Mode   DeployMode
	From   string   // the manifest of the revision that it starts from; "": there is none
	Failed []string // the manifests of the revisions that failed since, oldest first
	// Absent says that the namespace is not there yet, so that nothing can be tried in it.
	Absent bool
}
