package facts

// DeployMode says by which Helm operation a chart is brought onto the cluster.
type DeployMode string

// The ways to deploy a chart.
const (
	ModeInstall DeployMode = "install" // the first revision
	ModeReplace DeployMode = "replace" // an install over stored revisions of which none was ever deployed
	ModeUpgrade DeployMode = "upgrade"
)
