package access

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// Grant is what RBAC is written for.
type Grant struct {
	User      string
	Needs     []problem.Permission
	PerBranch bool
	Namespace string // of the release
	// Part says that the user needs more than this. It is then a role of its own, beside those that were applied
	// before: kubectl apply replaces the rules of a role as a whole, and would take away what is not in it.
	Part bool
	// Explained has comments say what each rule is for, and what could not be written. Without a user,
	// the roles are written and bound to nobody.
	Explained bool
	Notes     []string // what else is said, where it is explained
}

// Write returns YAML for kubectl apply that grants a user what is needed: what every verb needs, or
// those that only read (internal/cli/permissions.go); here it is only written down. For a fixed
// namespace it is a Role there. For a namespace per branch, which does not exist
// yet, it is a ClusterRole, and a comment says how far that reaches.
//
// What is needed in another namespace than the release's is a Role there, for the named
// objects alone. It is marshalled from objects, so that no name in it can change its
// structure, and of names that Kubernetes would not take it writes none.
//
// It is "" where there is nothing to grant, or nobody to grant anything to: for system:anonymous, which
// would be everybody, for a user whom the API server does not tell, and for one whose
// name cannot be shown as it is.
func Write(of Grant) string {
	perBranch, namespace := of.PerBranch, of.Namespace
	subject, known := subjectOf(of.User)
	unbound := of.Explained && of.User == ""
	if !known && !unbound || len(validation.IsDNS1123Label(namespace)) > 0 {
		return ""
	}
	needs := slices.DeleteFunc(slices.Clone(of.Needs), func(p problem.Permission) bool { return !isGrantable(p) })
	if len(needs) == 0 && !of.Explained {
		return ""
	}
	g := grant{subject: subject, name: roleName(of.User, needs), namespace: namespace,
		unbound: unbound, explained: of.Explained, part: of.Part}
	g.introduce(of)
	elsewhere := func(p problem.Permission) bool { return p.Namespace != "" && p.Namespace != namespace }
	own := slices.DeleteFunc(slices.Clone(needs), elsewhere)
	if perBranch {
		g.everywhere(own)
	} else {
		g.inNamespace(own)
	}
	g.elsewhere(slices.DeleteFunc(needs, func(p problem.Permission) bool { return !elsewhere(p) }))
	return g.out.String()
}

// anonymous is the user that the API server takes everybody for whose credentials it
// does not know.
const anonymous = "system:anonymous"

// subjectOf returns the subject of a binding for a user, and false for what is none.
func subjectOf(user string) (rbacv1.Subject, bool) {
	if user == "" || user == anonymous || text.OneLine(user) != user {
		return rbacv1.Subject{}, false
	}
	account, ok := strings.CutPrefix(user, "system:serviceaccount:")
	if !ok {
		return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}, true
	}
	in, name, _ := strings.Cut(account, ":")
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: in, Name: name},
		len(validation.IsDNS1123Label(in)) == 0 && len(validation.IsDNS1123Subdomain(name)) == 0
}

var (
	verbName     = regexp.MustCompile(`^[a-z]+$`)
	resourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)?$`)
)

// isGrantable returns whether a permission has names that Kubernetes takes, and no
// wildcard.
func isGrantable(p problem.Permission) bool {
	return verbName.MatchString(p.Verb) && resourceName.MatchString(p.Resource) &&
		(p.Group == "" || len(validation.IsDNS1123Subdomain(p.Group)) == 0) &&
		(p.Namespace == "" || len(validation.IsDNS1123Label(p.Namespace)) == 0) && isObjectName(p.Name)
}

// isObjectName returns whether an object may have the name, or there is none. Names in a rule are not
// checked by the API server, and a chart's Role may have any text there.
func isObjectName(name string) bool {
	return len(name) <= validation.DNS1123SubdomainMaxLength && !strings.ContainsFunc(name, unicode.IsSpace) &&
		len(content.IsPathSegmentName(name)) == 0 && text.OneLine(name) == name
}

// grant writes the documents for one subject.
type grant struct {
	subject            rbacv1.Subject
	name, namespace    string
	unbound, explained bool
	part               bool
	out                bytes.Buffer
}

// inNamespace grants in the one namespace. The permission to create it is replaced
// by the namespace itself, since a Role needs it to exist; and since whoever applies
// the YAML makes it, Berth has no need to mark it as its own.
func (g *grant) inNamespace(needs []problem.Permission) {
	var local, cluster []problem.Permission
	for _, p := range needs {
		switch {
		case p.Verb == "create" && p.Group == "" && p.Resource == "namespaces":
			g.document(&corev1.Namespace{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
				ObjectMeta: metav1.ObjectMeta{Name: g.namespace},
			})
		case p.Verb == "patch" && ofOneNamespace(p):
		case p.Namespace != "", ofOneNamespace(p) && p.Name == g.namespace:
			local = append(local, p)
		default:
			cluster = append(cluster, p)
		}
	}
	if len(local) > 0 {
		g.explain("In namespace "+g.namespace, local)
		g.role(g.namespace, g.nameFor(local), local)
	}
	g.explain("Outside of namespaces", cluster)
	g.clusterWide(cluster)
}

// elsewhere grants in other namespaces than the release's. The name of a Role there tells what it
// grants, so that what another release of the user's needs there does not replace it.
func (g *grant) elsewhere(needs []problem.Permission) {
	for len(needs) > 0 {
		in := needs[0].Namespace
		isThere := func(p problem.Permission) bool { return p.Namespace == in }
		there := slices.DeleteFunc(slices.Clone(needs), func(p problem.Permission) bool { return !isThere(p) })
		g.explain("In namespace "+in, there)
		g.role(in, ownName(g.name, there), there)
		needs = slices.DeleteFunc(needs, isThere)
	}
}

// role writes a Role in a namespace, and binds it.
func (g *grant) role(namespace, name string, needs []problem.Permission) {
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	g.document(&rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: meta, Rules: rules(needs)})
	if !g.unbound {
		g.document(&rbacv1.RoleBinding{TypeMeta: kind("RoleBinding"), ObjectMeta: meta, Subjects: g.subjects(), RoleRef: ref("Role", name)})
	}
}

// everywhere grants in all namespaces, since that of the next branch is not known.
func (g *grant) everywhere(needs []problem.Permission) {
	needs = slices.Clone(needs)
	for i := range needs {
		if ofOneNamespace(needs[i]) {
			needs[i].Name = "" // that of the next branch has another one
		}
	}
	g.comment("Namespaces per branch: these permissions hold in EVERY namespace of the cluster.")
	for _, r := range rules(needs) {
		g.comment(fmt.Sprintf("  %s: %s", strings.Join(r.Resources, ", "), strings.Join(r.Verbs, ", ")))
		if slices.Contains(r.Resources, "secrets") && (slices.Contains(r.Verbs, "get") || slices.Contains(r.Verbs, "list")) {
			g.comment("  That includes reading every Secret in the cluster, other teams' and the system's.")
		}
	}
	g.comment("To keep it narrow, deploy to one fixed namespace, or to a cluster for review apps alone.")
	g.explain("What it is for", needs)
	g.clusterWide(needs)
}

func (g *grant) clusterWide(needs []problem.Permission) {
	if len(needs) == 0 {
		return
	}
	name := g.nameFor(needs)
	meta := metav1.ObjectMeta{Name: name}
	g.document(&rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: meta, Rules: rules(needs)})
	if g.unbound {
		return
	}
	g.document(&rbacv1.ClusterRoleBinding{
		TypeMeta: kind("ClusterRoleBinding"), ObjectMeta: meta, Subjects: g.subjects(), RoleRef: ref("ClusterRole", name),
	})
}

// rules groups the needs by API group and resource, and joins what has the same verbs. A need for
// one named object is granted for that object alone.
func rules(needs []problem.Permission) []rbacv1.PolicyRule {
	var made []rbacv1.PolicyRule
	at := make(map[[3]string]int)
	for _, p := range needs {
		name := p.Name
		key := [3]string{p.Group, p.Resource, name}
		i, ok := at[key]
		if !ok {
			i = len(made)
			at[key] = i
			rule := rbacv1.PolicyRule{APIGroups: []string{p.Group}, Resources: []string{p.Resource}}
			if name != "" {
				rule.ResourceNames = []string{name}
			}
			made = append(made, rule)
		}
		if !slices.Contains(made[i].Verbs, p.Verb) {
			made[i].Verbs = append(made[i].Verbs, p.Verb)
		}
	}
	return joined(made)
}

// usualVerbs is the order in which people read them.
var usualVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

// joined returns the rules with one for all resources of a group that have the same verbs.
func joined(rules []rbacv1.PolicyRule) (all []rbacv1.PolicyRule) {
	for _, r := range rules {
		slices.SortStableFunc(r.Verbs, func(a, b string) int {
			return slices.Index(usualVerbs, a) - slices.Index(usualVerbs, b)
		})
		at := slices.IndexFunc(all, func(known rbacv1.PolicyRule) bool {
			return slices.Equal(known.APIGroups, r.APIGroups) && slices.Equal(known.Verbs, r.Verbs) &&
				slices.Equal(known.ResourceNames, r.ResourceNames)
		})
		if at < 0 {
			all = append(all, r)
			continue
		}
		all[at].Resources = append(all[at].Resources, r.Resources...)
	}
	return all
}

func (g *grant) subjects() []rbacv1.Subject { return []rbacv1.Subject{g.subject} }

func ref(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}
