package apifailure

import (
	"regexp"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

const denialOfConfigMaps = `User "x" cannot create resource "configmaps" in API group "" in the namespace "review"`

// What quotes a denial is none.
func TestDenialIsTheWholeMessage(t *testing.T) {
	for message, want := range map[string]bool{
		`configmaps "web" is forbidden: ` + denialOfConfigMaps:                                                                true,
		`configmaps is forbidden: ` + denialOfConfigMaps + ": RBAC: role.rbac.authorization.k8s.io \"x\" not found":           true,
		`configmaps is forbidden: ` + denialOfConfigMaps + ": two\nlines":                                                     true,
		`widgets.example.com "a\"b" is forbidden: ` + denialOfConfigMaps:                                                      true,
		`admission webhook "x.y" denied the request: ` + denialOfConfigMaps:                                                   false,
		`admission webhook "x.y" denied the request: configmaps is forbidden: ` + denialOfConfigMaps:                          false,
		`configmaps "web" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ` + denialOfConfigMaps: false,
		`configmaps "web" is forbidden: owner2 is ` + denialOfConfigMaps:                                                      false,
		denialOfConfigMaps: false,
		`configmaps is forbidden: ` + denialOfConfigMaps + " and more":                                                        false,
		`configmaps is forbidden: User "x" cannot get resource "x` + "\n---\n#" + `" in API group "" at the cluster scope`:    false,
		`configmaps is forbidden: User "x" cannot * resource "*" in API group "*" at the cluster scope`:                       false,
		`configmaps is forbidden: User "x" cannot get resource "a" in API group "" in the namespace "a" at the cluster scope`: false,
	} {
		if _, got := DeniedPermission(message); got != want {
			t.Errorf("%q: %t", message, got)
		}
	}
}

// plainWord is what may stand in a permission without being quoted or escaped.
var plainWord = regexp.MustCompile(`^[a-z0-9./-]*$`)

func FuzzDeniedPermission(f *testing.F) {
	f.Add(
		`secrets "s" is forbidden: User "system:serviceaccount:ci:dep" cannot update resource "secrets" in API group "" in the namespace "review-1"`,
	)
	f.Add(
		`namespaces is forbidden: User "jane \"j\" doe" cannot create resource "namespaces" in API group "" at the cluster scope: RBAC: none`,
	)
	f.Add(
		"configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: " +
			"User \"x\" cannot get resource \"x\n---\n" +
			"kind: ClusterRoleBinding\n---\n#\" in API group \"\" in the namespace \"default\"",
	)
	f.Add("x is forbidden: User \"u\" cannot get resource \"deployments/scale\" in API group \"apps\" in the namespace \"n\"")
	f.Add("")
	f.Fuzz(func(t *testing.T, message string) {
		p, denied := DeniedPermission(message)
		if !denied {
			if p != (problem.Permission{}) {
				t.Errorf("%q: no denial, and yet %+v", message, p)
			}
			return
		}
		for _, word := range []string{p.Verb, p.Group, p.Resource, p.Namespace} {
			if !plainWord.MatchString(word) {
				t.Errorf("%q: got %q", message, word)
			}
		}
		if !strings.Contains(message, " is forbidden: User ") {
			t.Errorf("%q: taken for a denial", message)
		}
	})
}
