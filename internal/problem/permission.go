package problem

// Permission is one thing that a run needs to be allowed to do.
type Permission struct {
	Verb      string
	Group     string
	Resource  string
	Namespace string // empty: cluster-scoped
	Name      string
	Why       string
	// Optional means that the run goes on without it, with a notice.
	Optional bool
}

// Reads returns whether the permission is no more than one to look.
func (p Permission) Reads() bool { return p.Verb == "get" || p.Verb == "list" }

// String is "update secrets in namespace review-1".
func (p Permission) String() string {
	s := p.Verb + " " + p.Resource
	if p.Group != "" {
		s += "." + p.Group
	}
	if p.Namespace != "" {
		s += " in namespace " + p.Namespace
	}
	return s
}

// MissingPermission is a permission that is missing.
type MissingPermission struct {
	Permission
	Reason string // what the API server said; untrusted text
}
