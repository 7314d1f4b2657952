package facts

// NamespacePhase is the phase of a namespace, absence included.
type NamespacePhase string

// The phases.
const (
	NamespaceAbsent      NamespacePhase = "absent"
	NamespaceActive      NamespacePhase = "active"
	NamespaceTerminating NamespacePhase = "terminating"
	// NamespaceHidden is a namespace that the run may not read: it may exist or not.
	NamespaceHidden NamespacePhase = "hidden"
)

// Namespace is the release's namespace as the cluster shows it.
type Namespace struct {
	Name       string
	UID        string
	Phase      NamespacePhase
	Ours       bool   // Berth made or adopted this very namespace (its own UID is on it)
	Identity   string // identity hash on it; empty when it carries none
	Branch     string // branch it names, for messages; untrusted text
	Repository string // repository it names, for messages; untrusted text
	Keep       bool   // berth.dev/keep, or a GitOps owner's mark
	KeepWhy    string
	Blocking   string // why a terminating one is not gone yet
}
