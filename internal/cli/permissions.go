package cli

import (
	"context"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

// permissions implements engine.Access with internal/kube/access.
type permissions struct {
	conn      *kube.Conn
	resource  string // that stores records: secrets or configmaps
	namespace string
	perBranch bool
	copies    []input.Copy
	quota     bool
	readOnly  bool // the run's verb only reads, and its user may have no right to write
}

// needs returns the permissions that a verb needs in a namespace of this phase.
func (p permissions) needs(v verb.Verb, phase facts.NamespacePhase) []problem.Permission {
	properties := verb.Of(v)
	needs := access.ForRun(access.Needs{
		Resource: p.resource, Namespace: p.namespace,
		Deletes:         properties.Removes,
		CreateNamespace: properties.DeployAccess && phase == facts.NamespaceAbsent,
	})
	if !properties.DeployAccess {
		needs = slices.DeleteFunc(needs, func(n problem.Permission) bool { return n.Verb == "create" && n.Resource == p.resource })
	}
	return needs
}

func (p permissions) ClusterNeeds(v verb.Verb, phase facts.NamespacePhase) []problem.Permission {
	cluster, _ := access.Split(p.needs(v, phase))
	return cluster
}

func (p permissions) StorageNeeds(v verb.Verb) []problem.Permission {
	_, storage := access.Split(p.needs(v, facts.NamespaceActive))
	return storage
}

// PruneNeeds returns only what StorageNeeds does not.
func (p permissions) PruneNeeds() []problem.Permission {
	needs := access.ForRun(access.Needs{Resource: p.resource, Namespace: p.namespace, Deletes: true})
	_, storage := access.Split(needs)
	return slices.DeleteFunc(storage, func(n problem.Permission) bool { return n.Verb != "delete" })
}

func (p permissions) SourceNeeds() (needs []problem.Permission) {
	for _, c := range p.copies {
		needs = append(needs, access.ReadSource(c.Namespace, c.Name))
	}
	return needs
}

// CompanionNeeds returns only what StorageNeeds does not.
func (p permissions) CompanionNeeds(v verb.Verb, copies, quota bool) []problem.Permission {
	known := p.StorageNeeds(v)
	return slices.DeleteFunc(access.ForCompanions(p.namespace, verb.Of(v).DeployAccess, copies, quota), func(n problem.Permission) bool {
		return slices.ContainsFunc(known, n.SameAs)
	})
}

func (p permissions) RenewLock() problem.Permission { return access.RenewLock(p.namespace) }

func (p permissions) ReviewUntil(
	ctx context.Context, needs []problem.Permission, wait time.Duration, retry func([]problem.MissingPermission),
) ([]problem.MissingPermission, error) {
	missing, err := access.ReviewUntil(ctx, p.conn.Clientset().AuthorizationV1(), needs, wait,
		func(missing []problem.MissingPermission, _ time.Duration) { retry(missing) })
	return missing, apifailure.Classify(err, "ask for permissions")
}

func (p permissions) ReviewNeeds(
	ctx context.Context, needs []problem.Need, wait time.Duration, retry func([]problem.MissingPermission),
) (missing []problem.MissingPermission, unknown []problem.Permission, err error) {
	client := p.conn.Clientset()
	found, err := access.ReviewNeedsUntil(ctx, client.AuthorizationV1(), client.RbacV1(), needs, wait, retry)
	return found.Missing, found.Unknown, apifailure.Classify(err, "ask for permissions")
}

// RBAC covers all verbs at once: it is applied once, and the Role of one verb does
// not overwrite that of another. Whoever only checks is granted no write for that.
func (p permissions) RBAC(user string, more []problem.Permission, whole bool) string {
	return access.Write(access.Grant{User: user, Needs: p.all(more), PerBranch: p.perBranch, Namespace: p.namespace, Part: !whole})
}

// all returns what all verbs need, and more.
func (p permissions) all(more []problem.Permission) []problem.Permission {
	needs := access.ForRun(access.Needs{Resource: p.resource, Namespace: p.namespace, Deletes: true, CreateNamespace: p.perBranch})
	if p.perBranch {
		needs = append(needs,
			problem.Permission{Verb: "delete", Resource: "namespaces", Name: p.namespace, Why: "remove the namespace that Berth made"})
	}
	needs = append(needs, problem.Permission{Verb: "delete", Group: "coordination.k8s.io", Resource: "leases", Namespace: p.namespace,
		Why: "remove the lock of a release that is no more", Optional: true})
	needs = append(append(needs, p.SourceNeeds()...), access.ForCompanions(p.namespace, true, len(p.copies) > 0, p.quota)...)
	if p.readOnly {
		needs = slices.DeleteFunc(needs, func(n problem.Permission) bool { return !n.Reads() })
	}
	return append(needs, more...)
}
