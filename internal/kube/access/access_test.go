package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
)

func TestStorage(t *testing.T) {
	tests := map[string]struct {
		needs    Needs
		required []string
	}{
		"a fixed namespace": {
			Needs{Resource: "secrets", Namespace: "ns"},
			[]string{"get namespaces", "get secrets in namespace ns", "list secrets in namespace ns", "create secrets in namespace ns",
				"update secrets in namespace ns"},
		},
		"one to be made, with pruning, in ConfigMaps": {
			Needs{Resource: "configmaps", Namespace: "ns", Deletes: true, CreateNamespace: true},
			[]string{"get namespaces", "create namespaces", "get configmaps in namespace ns", "list configmaps in namespace ns",
				"create configmaps in namespace ns", "update configmaps in namespace ns", "delete configmaps in namespace ns"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var required, optional []string
			for _, p := range ForRun(tt.needs) {
				if p.Why == "" {
					t.Errorf("%s: no reason given", p)
				}
				if p.Optional {
					optional = append(optional, p.String())
				} else {
					required = append(required, p.String())
				}
			}
			if !slices.Equal(required, tt.required) {
				t.Errorf("required: %q\nwant:     %q", required, tt.required)
			}
			for _, verb := range []string{"get", "create", "update", "watch"} {
				if want := verb + " leases.coordination.k8s.io in namespace ns"; !slices.Contains(optional, want) {
					t.Errorf("optional lacks %q: %q", want, optional)
				}
			}
		})
	}
}

func TestSplit(t *testing.T) {
	cluster, namespaced := Split(ForRun(Needs{Resource: "secrets", Namespace: "ns", CreateNamespace: true}))
	if len(cluster) != 3 || slices.ContainsFunc(namespaced, func(p problem.Permission) bool { return p.Namespace != "ns" }) {
		t.Errorf("Split() = %v, %v", cluster, namespaced)
	}
}

// document is any of the documents that RBAC writes.
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct{ Name, Namespace string }
	Rules      []rbacv1.PolicyRule
	Subjects   []rbacv1.Subject
	RoleRef    rbacv1.RoleRef `json:"roleRef"`
}

func parse(t *testing.T, text string) map[string]document {
	t.Helper()
	found := make(map[string]document)
	for _, part := range strings.Split("\n"+text, "\n---\n")[1:] {
		var d document
		if err := yaml.Unmarshal([]byte(part), &d); err != nil {
			t.Fatalf("it is not YAML: %v\n%s", err, text)
		}
		found[d.Kind] = d
	}
	return found
}

// allowed says whether the rules grant what is needed.
func allowed(rules []rbacv1.PolicyRule, p problem.Permission) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.APIGroups, p.Group) && slices.Contains(r.Resources, p.Resource) && slices.Contains(r.Verbs, p.Verb) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, p.Name))
	})
}

func TestRBACForAFixedNamespace(t *testing.T) {
	needs := ForRun(Needs{Resource: "secrets", Namespace: "review", CreateNamespace: true, Deletes: true})
	docs := parse(t, RBAC("system:serviceaccount:ci:deployer", needs, false, "review"))
	if len(docs) != 3 || docs["Namespace"].Metadata.Name != "review" {
		t.Fatalf("documents: %v", docs)
	}
	role, binding := docs["Role"], docs["RoleBinding"]
	if role.Metadata.Namespace != "review" || binding.Metadata.Namespace != "review" || binding.RoleRef.Name != role.Metadata.Name ||
		binding.RoleRef.Kind != "Role" {
		t.Errorf("role %+v, binding %+v", role.Metadata, binding)
	}
	if want := (rbacv1.Subject{Kind: "ServiceAccount", Namespace: "ci", Name: "deployer"}); binding.Subjects[0] != want {
		t.Errorf("subject %+v, want %+v", binding.Subjects[0], want)
	}
	for _, p := range needs {
		if !slices.Contains([]string{"create namespaces", "patch namespaces"}, p.String()) && !allowed(role.Rules, p) {
			t.Errorf("%s is not granted by %+v", p, role.Rules)
		}
	}
}

func TestRBACPerBranch(t *testing.T) {
	needs := ForRun(Needs{Resource: "secrets", Namespace: "review-app-main", CreateNamespace: true})
	text := RBAC("jane", needs, true, "review-app-main")
	docs := parse(t, text)
	if len(docs) != 2 || docs["ClusterRoleBinding"].RoleRef.Kind != "ClusterRole" {
		t.Fatalf("documents: %v", docs)
	}
	if !strings.Contains(text, "# ") || !strings.Contains(text, "reading every Secret in the cluster") ||
		!strings.Contains(text, "EVERY namespace") {
		t.Errorf("its breadth is not said:\n%s", text)
	}
	for _, p := range needs {
		if !allowed(docs["ClusterRole"].Rules, problem.Permission{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Name: "review-app-other"}) {
			t.Errorf("%s is not granted for the next branch", p)
		}
	}
	if want := (rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "jane"}); docs["ClusterRoleBinding"].Subjects[0] != want {
		t.Errorf("subject %+v", docs["ClusterRoleBinding"].Subjects[0])
	}
}

// What is needed elsewhere is granted there, for the one object, be there a namespace per branch or not.
func TestRBACElsewhere(t *testing.T) {
	needs := append(ForRun(Needs{Resource: "secrets", Namespace: "review"}), ReadSource("platform", "registry"))
	for _, perBranch := range []bool{true, false} {
		text := RBAC("jane", needs, perBranch, "review")
		docs := parse(t, text) // what is elsewhere comes last
		if strings.Count(text, "registry") != 1 || strings.Count(text, "namespace: platform") != 2 {
			t.Errorf("per branch %v:\n%s", perBranch, text)
		}
		if docs["Role"].Metadata.Namespace != "platform" || docs["RoleBinding"].RoleRef.Name != docs["Role"].Metadata.Name {
			t.Errorf("per branch %v: %+v", perBranch, docs)
		}
		rules := docs["Role"].Rules
		if len(rules) != 1 || !slices.Equal(rules[0].ResourceNames, []string{"registry"}) || !slices.Equal(rules[0].Verbs, []string{"get"}) {
			t.Errorf("per branch %v: %+v", perBranch, rules)
		}
	}
	one := RBAC("jane", needs, true, "review")
	other := RBAC("jane", append(needs[:len(needs)-1:len(needs)-1], ReadSource("platform", "tls")), true, "review")
	name := func(text string) string { return parse(t, text)["RoleBinding"].Metadata.Name }
	if name(one) == name(other) {
		t.Errorf("what one release needs there would replace what another does: %s", name(one))
	}
}

// Whatever a user is called, the YAML grants to that user alone, or there is none.
func TestRBACIsSafeAgainstNames(t *testing.T) {
	for user, written := range map[string]bool{
		"a: b": true, "- x": true, "'\"": true, "!!binary x": true, "#c": true, "yes": true, "alice@example.com": true, "oidc:Bob Smith": true,
		"---": true, "system:node:x": true,
		"x\n---\nkind: ClusterRoleBinding": false, "a\u2028b": false, "mal\u200blory": false, "two  spaces": false, "": false,
		"system:anonymous": false, "system:serviceaccount:": false, "system:serviceaccount:only": false, "system:serviceaccount:a:b:c": false,
		"system:serviceaccount:A:b": false,
	} {
		t.Run(fmt.Sprintf("%q", user), func(t *testing.T) {
			for _, perBranch := range []bool{true, false} {
				text := RBAC(user, ForRun(Needs{Resource: "secrets", Namespace: "review"}), perBranch, "review")
				if !written {
					if text != "" {
						t.Errorf("it grants something:\n%s", text)
					}
					continue
				}
				docs := parse(t, text)
				if len(docs) != 2 {
					t.Fatalf("%d documents", len(docs))
				}
				for kind, d := range docs {
					if strings.HasSuffix(kind, "Binding") && (len(d.Subjects) != 1 || d.Subjects[0].Name != user) {
						t.Errorf("%s binds %+v", kind, d.Subjects)
					}
				}
			}
		})
	}
	if text := RBAC("jane", nil, false, "x\n---\nkind: Pod"); text != "" {
		t.Errorf("a namespace that is none:\n%s", text)
	}
}

// What a need is called changes nothing but the rule for it.
func FuzzRBAC(f *testing.F) {
	f.Add("jane", "get", "", "secrets", "review", "x", true)
	f.Add("jane", "get", "", "x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n#", "default", "", true)
	f.Add("system:serviceaccount:ci:dep", "*", "*", "*", "review", "*", false)
	f.Add("x\n# y", "bind", "rbac.authorization.k8s.io", "clusterroles", "", "cluster-admin", false)
	f.Add("jane", "get", "a b", "pods/log", "Review", "..", false)
	f.Add(strings.Repeat("a", 85)+" ::x", "get", "", "secrets", "review", strings.Repeat("a", 85)+" ::set-output name=x::y", false)
	f.Fuzz(func(t *testing.T, user, verb, group, resource, namespace, name string, perBranch bool) {
		need := problem.Permission{Verb: verb, Group: group, Resource: resource, Namespace: namespace, Name: name}
		text := RBAC(user, append(ForRun(Needs{Resource: "secrets", Namespace: "review"}), need), perBranch, "review")
		if text == "" {
			return
		}
		obeysNothing(t, text)
		comments := 0
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") {
				comments++
			}
		}
		if comments > 20 {
			t.Errorf("%d comments:\n%s", comments, text)
		}
		for kind, d := range parse(t, text) {
			if !slices.Contains([]string{"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Namespace"}, kind) {
				t.Errorf("it makes a %s:\n%s", kind, text)
			}
			in := d.Metadata.Namespace
			if !slices.Contains([]string{"", "review", namespace}, in) || d.RoleRef.Name != "" && d.RoleRef.Name != d.Metadata.Name {
				t.Errorf("%s is %+v:\n%s", kind, d, text)
			}
			for _, s := range d.Subjects {
				if len(d.Subjects) != 1 || s.Name != user && !strings.HasSuffix(user, ":"+s.Namespace+":"+s.Name) {
					t.Errorf("%s binds %+v:\n%s", kind, d.Subjects, text)
				}
			}
			for _, r := range d.Rules {
				for _, word := range slices.Concat(r.Verbs, r.APIGroups, r.Resources) {
					if strings.ContainsAny(word, "* \n#:") {
						t.Errorf("%s grants %+v:\n%s", kind, r, text)
					}
				}
			}
		}
	})
}
