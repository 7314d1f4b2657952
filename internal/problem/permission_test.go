package problem

import "testing"

func TestBeyond(t *testing.T) {
	for p, want := range map[Permission]bool{
		{Verb: "create", Resource: "secrets", Namespace: "review"}:                                               false,
		{Verb: "get", Resource: "secrets", Namespace: "kube-system"}:                                             true,
		{Verb: "create", Resource: "mutatingwebhookconfigurations", Group: "admissionregistration.k8s.io"}:       true,
		{Verb: "list", Resource: "customresourcedefinitions", Group: "apiextensions.k8s.io"}:                     true,
		{Verb: "list", Resource: "secrets"}:                                                                      true,
		{Verb: "get", Resource: "namespaces", Name: "review"}:                                                    false,
		{Verb: "patch", Resource: "namespaces"}:                                                                  true,
		{Verb: "create", Resource: "namespaces"}:                                                                 false,
		{Verb: "delete", Resource: "namespaces", Name: "review"}:                                                 false,
		{Verb: "delete", Resource: "namespaces", Name: "kube-system"}:                                            true,
		{Verb: "get", Resource: "namespaces", Name: "other"}:                                                     true,
		{Verb: "create", Resource: "rolebindings", Group: "rbac.authorization.k8s.io", Namespace: "review"}:      false,
		{Verb: "create", Resource: "rolebindings", Group: "rbac.authorization.k8s.io", Namespace: "kube-system"}: true,
	} {
		if got := p.Beyond("review"); got != want {
			t.Errorf("%s: %t", p, got)
		}
	}
}
