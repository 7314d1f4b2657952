package needs

import (
	"fmt"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// handOn adds what it takes to make a Role, or a binding: to have all that it grants, or to be allowed
// to grant what one does not have (https://kubernetes.io/docs/reference/access-authn-authz/rbac/,
// "Privilege escalation prevention and bootstrapping").
func (l *list) handOn(o object, how levels) {
	if o.Group != rbacv1.GroupName {
		return
	}
	ref := o.GetKind() + "/" + o.GetName()
	switch o.GetKind() {
	case "Role", "ClusterRole":
		l.cover(ref, o.in, rulesOf(o.Unstructured), how, &problem.Permission{Verb: "escalate", Group: rbacv1.GroupName, Resource: o.Name,
			Namespace: o.in})
	case "RoleBinding", "ClusterRoleBinding":
		l.bind(o, ref, how)
	}
}

// bind adds what a binding takes.
func (l *list) bind(o object, ref string, how levels) {
	kind, _, _ := unstructured.NestedString(o.Object, "roleRef", "kind")
	name, _, _ := unstructured.NestedString(o.Object, "roleRef", "name")
	role := problem.Permission{Verb: "bind", Group: rbacv1.GroupName, Resource: plural(kind), Namespace: o.in, Name: name}
	in := o.in
	if kind == "ClusterRole" {
		in = ""
	}
	rules, known := l.own(kind, in, name)
	if !known && l.Rules != nil {
		rules, known = l.Rules(kind, in, name)
	}
	if known {
		l.cover(ref, o.in, rules, how, &role)
		return
	}
	role.Name, role.Why = "", fmt.Sprintf("%s binds %s %s, and all that it grants may not be held", ref, kind, name)
	one := problem.Need{Permission: role, Names: []string{name}, HandsOn: true}
	if trial, err := o.MarshalJSON(); err == nil {
		one.Trial = string(trial)
	}
	one.Now, one.Later = min(how.now, problem.Better), min(how.later, problem.Better) // what it grants may be held
	l.Add(one)
}

// own returns the rules of a role that the revision makes, as a hook or not.
func (l *list) own(kind, namespace, name string) ([]rbacv1.PolicyRule, bool) {
	objects := append(manifest.Objects(nil), l.revision.Objects...)
	for _, h := range l.revision.Hooks {
		if h.Kind == kind {
			made, _ := manifest.Parse(h.Manifest)
			objects = append(objects, made...)
		}
	}
	for _, o := range objects {
		if o.GetKind() == kind && o.GetName() == name && o.GroupVersionKind().Group == rbacv1.GroupName && l.place(o).in == namespace {
			return rulesOf(o), true
		}
	}
	return nil, false
}

// everything is what a ClusterRole that collects others' rules takes: nobody knows what these will be.
var everything = []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}

// rulesOf returns the rules of a Role or ClusterRole.
func rulesOf(o *unstructured.Unstructured) []rbacv1.PolicyRule {
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
		return nil // the API server does not take it either
	}
	if role.AggregationRule != nil {
		return everything
	}
	return role.Rules
}

// cover adds each permission of these rules, in a namespace or everywhere. With unless, none is needed.
func (l *list) cover(ref, namespace string, rules []rbacv1.PolicyRule, how levels, unless *problem.Permission) {
	for _, r := range rules {
		if len(r.NonResourceURLs) > 0 {
			l.Note(fmt.Sprintf("%s grants %s of %s: whether that is held is not asked.", ref, strings.Join(r.Verbs, ", "),
				strings.Join(r.NonResourceURLs, ", ")))
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					l.Add(problem.Need{Names: r.ResourceNames, Now: how.now, Later: how.later, HandsOn: true, Unless: unless,
						Permission: problem.Permission{Verb: verb, Group: group, Resource: resource, Namespace: namespace,
							Why: ref + " of the chart grants it, and nobody may grant what they do not have"}})
				}
			}
		}
	}
}
