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

// Beyond returns whether a permission reaches out of a namespace: to anything in another one, or to
// what belongs to none, be it only to look: a chart's templates may look up the Secrets of all
// namespaces. Of namespaces themselves a run makes one, and looks at, marks and deletes its own.
func (p Permission) Beyond(namespace string) bool {
	switch {
	case p.Namespace != "":
		return p.Namespace != namespace
	case p.Group == "" && p.Resource == "namespaces":
		return p.Name != namespace && p.Verb != "create"
	}
	return true
}

// SameAs returns whether another permission allows the same, whatever it is needed for.
func (p Permission) SameAs(other Permission) bool {
	other.Why, other.Optional = p.Why, p.Optional
	return p == other
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
	Reason string // what the API server said; untrusted text
	// HandedOn says that the chart hands it on to somebody, by a Role or a binding. Nobody is offered
	// RBAC for that who has not asked for it.
	HandedOn bool
	// Guessed says that it is about a kind that nobody but the chart has told of.
	Guessed bool
}

// ByHand returns whether a permission is left to a person, where a release is in this namespace: what a chart asks for
// beyond its own namespace, hands on, or makes up, is nothing to paste.
func (m MissingPermission) ByHand(namespace string) bool {
	return m.HandedOn || m.Guessed || m.Beyond(namespace)
}
