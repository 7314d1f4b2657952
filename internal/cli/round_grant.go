package cli

import (
	"slices"

	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// grantOfMany is what RBAC is written for of what was missing of many apps. A record asks for it, which whoever may
// write Secrets beside it may have written.
type grantOfMany struct {
	namespace string               // the one that all are in; "": each is in its own
	own       []problem.Permission // what Berth itself needs for each, whatever its record says
}

// ownOfMany returns what Berth itself needs to look at an app and, where it repairs, to write its records and its
// lock, in whatever namespace.
func ownOfMany(resource string, v verb.Verb) []problem.Permission {
	needs := access.ForRun(access.Needs{Resource: resource, Deletes: true})
	return slices.DeleteFunc(needs, func(n problem.Permission) bool { return v == verb.List && !n.Reads() })
}

// grantable returns what is granted, and whether anything else was missing. What reaches out of an app's
// namespace, is handed on by a Role of it, or is guessed, is nothing to paste. Nor is, where a role would hold in all namespaces,
// what a record alone asks for, but to look at what harms nobody.
func (g grantOfMany) grantable(visits []result.Visit) (granted []problem.Permission, byHand bool) {
	for _, v := range visits {
		for _, m := range v.Missing {
			if m.ByHand(v.Namespace) || g.namespace == "" && !g.isOwn(m.Permission) && !isHarmless(m.Permission) {
				byHand = true
				continue
			}
			granted = append(granted, m.Permission)
		}
	}
	return granted, byHand
}

// isOwn returns whether Berth needs a permission whatever a record says.
func (g grantOfMany) isOwn(p problem.Permission) bool {
	return slices.ContainsFunc(g.own, func(n problem.Permission) bool {
		return n.Verb == p.Verb && n.Group == p.Group && n.Resource == p.Resource
	})
}

// harmless are the kinds, by their groups, that may be looked at in all namespaces without harm: those of
// Kubernetes' own role view that hold no content of others, such as a ConfigMap does. A subresource is none of them:
// to get that of a pod can be to run something in it.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
var harmless = map[string][]string{
	"": {"endpoints", "events", "limitranges", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas",
		"serviceaccounts", "services"},
	"apps":              {"controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"},
	"autoscaling":       {"horizontalpodautoscalers"},
	"batch":             {"cronjobs", "jobs"},
	"discovery.k8s.io":  {"endpointslices"},
	"networking.k8s.io": {"ingresses", "networkpolicies"},
	"policy":            {"poddisruptionbudgets"},
}

// isHarmless returns whether it is no more than to look at one of those.
func isHarmless(p problem.Permission) bool {
	return (p.Reads() || p.Verb == "watch") && slices.Contains(harmless[p.Group], p.Resource)
}

// write returns the RBAC for it: a role of its own in the one namespace, or else, since those of the branches change,
// in all of them.
func (g grantOfMany) write(user string, granted []problem.Permission) string {
	of := access.Grant{User: user, Namespace: g.namespace, Part: true}
	if g.namespace == "" {
		of.PerBranch, of.Namespace = true, anyNamespace
	}
	for _, n := range granted {
		if n.Namespace != "" {
			n.Namespace = of.Namespace
		}
		if !slices.ContainsFunc(of.Needs, n.SameAs) {
			of.Needs = append(of.Needs, n)
		}
	}
	return access.Write(of)
}

// anyNamespace stands for that of each app where a role is written for all namespaces, and is not in it.
const anyNamespace = "default"

// nextByHand is what to do about what else is missing.
func (g grantOfMany) nextByHand() string {
	if g.namespace != "" {
		return engine.NextByHand
	}
	return "Grant by hand, in the app's own namespace, what else is missing, if the app may have it: for all namespaces RBAC is written " +
		"only for what Berth itself needs, and to look at usual objects that are no ConfigMaps and no Secrets."
}
