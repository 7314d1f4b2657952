package facts

// Named is an object that another one of its release names, as a pod does the claim that it mounts.
type Named struct {
	Ref Ref    // in the release's namespace where it may be in none
	By  string // kind and name of the other one
}

// Is returns whether an object is the one that is named.
func (n Named) Is(o Ref) bool {
	return n.Ref.Kind == o.Kind && n.Ref.Name == o.Name && (o.Namespace == "" || n.Ref.Namespace == o.Namespace)
}
