//go:build conformance

package conformance

import (
	"os"
	"os/exec"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// grantedRights are the rows about the RBAC that Berth prints: whoever applies it takes away nothing that was
// applied before.
var grantedRights = []row{
	{ID: "S367", Setup: "an account with the printed role of the chart, of which a later commit brings an Ingress",
		Action: "deploy with preflight full; what it prints is applied; deploy of that, and of another; teardown",
		End:    "all that was granted before still is, and it suffices", Exit: "0, 20, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.printedRole()
			s.berth("deploy").exit(0)
			s.chartWith("templates/ingress.yaml", plainIngress)
			denied := s.berth("deploy", "--preflight", "full", "--rbac-wait", "0s").exit(20).lacks("get ingresses", "create ingresses")
			s.addsOnly(denied, "get", "create", "patch", "delete")
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "greeting=bye").exit(0)
			s.berth("teardown").exit(0)
		}},
	{ID: "S367b", Setup: "the same account, and somebody else has deployed the Ingress",
		Action: "deploy; what it prints is applied; deploy, teardown",
		End:    "all that was granted before still is, and it suffices", Exit: "20, 0, 0", Gone: true, run: func(s *fixture) {
			s.printedRole()
			s.chartWith("templates/ingress.yaml", plainIngress)
			s.deployedByAnother()
			s.kubeconfig = s.account.Kubeconfig
			s.addsOnly(s.berth("deploy").exit(20).lacks("get ingresses"), "get", "create", "patch", "delete")
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0)
		}},
	{ID: "S368", Setup: "the same, in the one namespace of all apps",
		Action: "repair --all; what it prints is applied; repair --all, deploy", End: "a Role there; all that was granted before still is",
		Exit: "20, 0, 0", run: func(s *fixture) {
			s.printedRole()
			s.account.Grant(s.t, s.namespace, s.LeaseRules()...)
			s.chartWith("templates/ingress.yaml", plainIngress)
			s.deployedByAnother()
			s.kubeconfig = s.account.Kubeconfig
			s.addsOnly(s.repairAll().exit(20).says("get ingresses", "kind: Role").silent("kind: ClusterRole"), "get")
			s.repairAll().exit(0)
			s.berth("deploy").exit(0)
		}},
}

// plainIngress is an object of a kind that the chart did not have.
const plainIngress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ .Release.Name }}}
spec: {defaultBackend: {service: {name: {{ .Release.Name }}, port: {number: 80}}}}
`

// printedRole has Berth run as an account that has what --print-role prints for the chart as it is, and nothing else.
func (s *fixture) printedRole() {
	s.t.Helper()
	s.account = s.ServiceAccount(s.t, s.namespace, "deployer")
	s.kubeconfig = s.account.Kubeconfig
	cmd := exec.Command(berthBinary(s.t), "preflight", "--print-role", "--for", s.account.User, "--chart", s.chart,
		"--namespace", s.namespace, "--repository", "acme/shop", "--branch", "any")
	cmd.Env = []string{"HOME=" + s.t.TempDir(), "PATH=" + os.Getenv("PATH")}
	printed, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %s", err, printed)
	}
	s.ApplyRBAC(s.t, string(printed))
	s.account.AwaitEffect(s.t, s.namespace, []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"services"},
		Verbs: []string{"delete"}}})
}

// addsOnly applies what a run has printed, and fails the row unless that leaves all rules as they were, beside
// those that it brings: these verbs on Ingresses are among them.
func (s *fixture) addsOnly(e ended, verbs ...string) {
	s.t.Helper()
	before := s.rulesIn(s.namespace)
	e.applied()
	after := s.rulesIn(s.namespace)
	for _, rule := range before {
		if !slices.Contains(after, rule) {
			s.t.Errorf("%q was taken away; what is granted is %q", rule, after)
		}
	}
	if len(after) == len(before) {
		s.t.Errorf("nothing was granted: %q", after)
	}
	for _, v := range verbs {
		s.account.AwaitEffect(s.t, s.namespace, []rbacv1.PolicyRule{{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses"},
			ResourceNames: []string{s.release}, Verbs: []string{v}}})
	}
}
