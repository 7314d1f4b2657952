package problem

// Permission is one thing that a run needs to be allowed to do.
type Permission struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"` // empty: cluster-scoped
	Name      string `json:"name,omitempty"`
	Why       string `json:"why"`
	// Optional means that the run goes on without it, with a notice.
	Optional bool `json:"optional,omitempty"`
}

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
	Reason string `json:"reason,omitempty"` // what the API server said; untrusted text
}
