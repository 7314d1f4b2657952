package access

import "github.com/berth-dev/berth/internal/problem"

// ReadSource returns the permission to read one Secret of another namespace, to copy it.
func ReadSource(namespace, name string) problem.Permission {
	return problem.Permission{Verb: "get", Resource: "secrets", Namespace: namespace, Name: name, Why: "copy it, as copy-secret says"}
}

// ForCompanions returns the permissions that what Berth puts beside a release takes in its
// namespace. Whoever makes none only looks for copies, and takes them away.
func ForCompanions(namespace string, makes, copies, quota bool) (needs []problem.Permission) {
	add := func(resource, why string) {
		for _, action := range []string{"get", "list", "create", "update", "delete"} {
			if action != "create" || makes {
				needs = append(needs, problem.Permission{Verb: action, Resource: resource, Namespace: namespace, Why: why})
			}
		}
	}
	if copies {
		add("secrets", "keep the copies of copy-secret")
	}
	if quota {
		add("resourcequotas", "keep what the input quota has")
		add("limitranges", "keep what the input quota has")
	}
	return needs
}
