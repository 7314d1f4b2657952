package access

import "github.com/berth-dev/berth/internal/problem"

// Needs describes what a run is going to do with the release's records.
type Needs struct {
	Resource        string // that stores them: secrets or configmaps
	Namespace       string
	Deletes         bool // it deletes old revisions, or all of them
	CreateNamespace bool // the namespace may have to be made
}

// ForRun returns the permissions that the record store, the namespace and the
// lock need, the cluster-scoped ones first. Without an optional one a run goes on:
// it polls where it cannot watch, goes by the records' stamps where it has no
// Lease, and does not delete a namespace that it could not mark.
func ForRun(n Needs) []problem.Permission {
	needs := []problem.Permission{
		{Verb: "get", Resource: "namespaces", Name: n.Namespace, Why: "see whether the namespace exists and whose it is"},
	}
	if n.CreateNamespace {
		needs = append(needs,
			problem.Permission{Verb: "create", Resource: "namespaces", Why: "make the review app's namespace"},
			problem.Permission{Verb: "patch", Resource: "namespaces", Name: n.Namespace, Optional: true,
				Why: "write on the namespace that Berth made it, so that teardown may delete it"})
	}
	record := func(verb, why string) problem.Permission {
		return problem.Permission{Verb: verb, Resource: n.Resource, Namespace: n.Namespace, Why: why}
	}
	needs = append(needs,
		record("get", "read the release records"),
		record("list", "find the release records: without it Helm would install blind"),
		record("create", "store a new revision"),
		// https://github.com/helm/helm/issues/13189
		record("update", "store how an operation ended: without it the release stays pending for ever"),
	)
	if n.Deletes {
		needs = append(needs, record("delete", "remove revisions that are no longer kept"))
	}
	watch := record("watch", "wait for another run without polling")
	watch.Optional = true
	needs = append(needs, watch)
	for _, l := range [][2]string{
		{"get", "see who holds the release"},
		{"create", "lock the release"},
		{"update", whyRenew},
		{"watch", "wait for the lock without polling"},
	} {
		needs = append(needs, onLock(l[0], n.Namespace, l[1]))
	}
	return needs
}

const whyRenew = "renew and end the lock"

// RenewLock returns the permission to update the lock, as Storage lists it.
func RenewLock(namespace string) problem.Permission { return onLock("update", namespace, whyRenew) }

func onLock(verb, namespace, why string) problem.Permission {
	return problem.Permission{
		Verb: verb, Group: "coordination.k8s.io", Resource: "leases", Namespace: namespace, Why: why, Optional: true,
	}
}

// Split separates the permissions that can be asked for before the namespace
// exists from those inside it.
func Split(needs []problem.Permission) (cluster, namespaced []problem.Permission) {
	for _, p := range needs {
		if p.Namespace == "" {
			cluster = append(cluster, p)
		} else {
			namespaced = append(namespaced, p)
		}
	}
	return cluster, namespaced
}

// required returns those of the missing permissions that are not optional.
func required(missing []problem.MissingPermission) []problem.MissingPermission {
	var all []problem.MissingPermission
	for _, g := range missing {
		if !g.Optional {
			all = append(all, g)
		}
	}
	return all
}
