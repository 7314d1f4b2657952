//go:build conformance

package conformance

import (
	"fmt"
	"regexp"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// permissions are the rows about what the deploying user may do.
var permissions = []row{
	{ID: "T01", Setup: "clean", Action: "deploy", End: "v1 deployed, label = payload", Exit: "0", run: func(s *fixture) {
		s.berth("deploy").exit(0)
		s.stored("v1 deployed")
		s.owns(app...)
	}},
	{ID: "T02", Setup: "v1", Action: "deploy", End: "v1 superseded, v2 deployed", Exit: "0", run: func(s *fixture) {
		s.berth("deploy").exit(0)
		s.berth("deploy", "--set", "greeting=bye").exit(0)
		s.stored("v1 superseded, v2 deployed")
	}},
	{ID: "T03", Setup: "no update on Secrets, preflight on",
		Action: "deploy", End: "nothing created", Exit: "20", Gone: true, run: func(s *fixture) {
			s.deployerWith(s.SecretRules("get", "list", "create"), s.LeaseRules())
			s.berth("deploy", "--rbac-wait", "0s").exit(20).lacks("update secrets")
			s.untouched()
		}},
	{ID: "T04", Setup: "no update on Secrets, preflight off", Action: "deploy",
		End:  "v1 pending-install, reported as such, and the Lease says how it ended",
		Exit: "20", Pending: "pending-install", run: func(s *fixture) {
			s.blindInstall()
		}},
	{ID: "T05", Setup: "T04, then update is granted",
		Action: "deploy", End: "healed, pods not restarted", Exit: "0 + warning", run: func(s *fixture) {
			s.blindInstall()
			pods := s.pods()
			s.account.Grant(s.t, s.namespace, s.SecretRules("update")...)
			s.berth("deploy").exit(0).warned("Release repaired")
			s.samePods(pods)
			s.stored("v1 superseded, v2 deployed")
			s.owns(app...)
		}},
	{ID: "T06", Setup: "v1, no update on Secrets, preflight off", Action: "deploy an upgrade",
		End: "v1 deployed, v2 pending-upgrade, not rolled back", Exit: "20", Pending: "pending-upgrade", run: func(s *fixture) {
			s.deployedByAnother()
			s.deployerWith(s.SecretRules("get", "list", "create"), s.LeaseRules())
			s.berth("deploy", "--preflight", "off", "--set", "greeting=bye").exit(20).lacks("update secrets")
			s.stored("v1 deployed, v2 pending-upgrade")
			if s.greeting() != "bye" {
				s.t.Error("the objects were rolled back")
			}
		}},
	{ID: "T07", Setup: "v1, no update on Secrets, preflight off, bad image, on-failure rollback", Action: "deploy an upgrade",
		End: "the image is named, no pending record on top of v2", Exit: "20", Pending: "pending-upgrade", run: func(s *fixture) {
			s.deployedByAnother()
			s.deployerWith(s.SecretRules("get", "list", "create"), s.LeaseRules())
			s.berth("deploy", "--preflight", "off", "--on-failure", "rollback", "--timeout", "15s", "--set", missingImage).
				exit(20).lacks("update secrets").reports("ImagePull")
			s.stored("v1 deployed, v2 pending-upgrade")
		}},
	{ID: "T08", Setup: "v1, no delete on Secrets, preflight on",
		Action: "teardown", End: "refused before any object is deleted", Exit: "20", run: func(s *fixture) {
			s.deployedByAnother()
			before := s.recordVersions()
			s.deployerWith(s.SecretRules("get", "list", "create", "update"), s.LeaseRules())
			s.berth("teardown", "--rbac-wait", "0s").exit(20).lacks("delete secrets")
			s.unchanged(before)
			s.owns(app...)
		}},
	{ID: "T09", Setup: "no delete on Secrets, preflight on, 10 revisions kept", Action: "deploy an upgrade",
		End: "refused, since this run would prune; nothing changed", Exit: "20", run: func(s *fixture) {
			s.deployedByAnother()
			s.upgradedByHelm(9)
			before := s.recordVersions()
			s.deployerWith(s.SecretRules("get", "list", "create", "update"), s.LeaseRules())
			s.berth("deploy", "--rbac-wait", "0s", "--set", "greeting=bye").exit(20).lacks("delete secrets")
			s.unchanged(before)
			if s.greeting() != "hello" {
				s.t.Error("the objects were changed")
			}
		}},
	{ID: "T09b", Setup: "no delete on Secrets, 2 revisions", Action: "deploy an upgrade", End: "goes ahead", Exit: "0", run: func(s *fixture) {
		s.deployedByAnother()
		s.upgradedByHelm(1)
		s.deployerWith(s.SecretRules("get", "list", "create", "update"), s.LeaseRules())
		s.berth("deploy").exit(0)
		s.stored("v1 superseded, v2 superseded, v3 deployed")
	}},
	{ID: "T10", Setup: "no list on Secrets", Action: "deploy", End: "refused", Exit: "20", Gone: true, run: func(s *fixture) {
		s.deployerWith(s.SecretRules("get", "create", "update"), s.LeaseRules())
		s.berth("deploy", "--rbac-wait", "0s").exit(20).lacks("list secrets")
		s.untouched()
	}},
	{ID: "T11", Setup: "no get on Secrets", Action: "deploy", End: "refused", Exit: "20", Gone: true, run: func(s *fixture) {
		s.deployerWith(s.SecretRules("list", "create", "update"), s.LeaseRules())
		s.berth("deploy", "--rbac-wait", "0s").exit(20).lacks("get secrets")
		s.untouched()
	}},
	{ID: "T12", Setup: "neither watch nor list on Jobs, nor get, a hook, preflight: full",
		Action: "deploy", End: "refused at the preflight, not by a timeout", Exit: "20", Gone: true, run: func(s *fixture) {
			s.userWith(rulesWithout(s.DeployerRules(), "jobs", "get", "list", "watch"), s.SecretRules(), s.LeaseRules())
			s.berth("deploy", "--preflight", "full", "--rbac-wait", "0s", "--set", "hooks.pre-install.behaviour=complete").
				exit(20).lacks("get jobs")
			s.untouched()
		}},
	{ID: "T12c", Setup: "neither watch nor list on Jobs, but get, a hook, preflight: full",
		Action: "deploy", End: "reads the hook again and again, with a notice", Exit: "0", run: func(s *fixture) {
			s.userWith(rulesWithout(s.DeployerRules(), "jobs", "list", "watch"), s.SecretRules(), s.LeaseRules())
			s.berth("deploy", "--preflight", "full", "--rbac-wait", "0s", "--set", "hooks.pre-install.behaviour=complete").
				exit(0).says("notice: Permission missing", "list, watch jobs.batch")
			s.stored("v1 deployed")
			s.hookCompleted("pre-install")
		}},
	{ID: "T12b", Setup: "no watch anywhere, no Leases",
		Action: "deploy", End: "degrades to polling and stamps, with a notice", Exit: "0", run: func(s *fixture) {
			s.userWith(withoutWatch(s.DeployerRules()), s.SecretRules("get", "list", "create", "update"))
			s.berth("deploy", "--set", "hooks.pre-install.behaviour=complete", "--set", "hooks.post-install.behaviour=complete").
				exit(0).says("notice: Permission missing", "watch secrets", "create leases.coordination.k8s.io")
			s.stored("v1 deployed")
			s.hookCompleted("pre-install")
			s.hookCompleted("post-install")
		}},
	{ID: "T13", Setup: "the namespace exists, no create on namespaces", Action: "deploy", End: "goes ahead", Exit: "0", run: func(s *fixture) {
		s.deployerWith(s.SecretRules("get", "list", "create", "update"), s.LeaseRules())
		s.berth("deploy").exit(0)
		s.stored("v1 deployed")
	}},
	{ID: "T14", Setup: "the RoleBinding appears while Berth asks", Action: "deploy", End: "waits, goes ahead", Exit: "0",
		run: func(s *fixture) {
			account := s.deployerWith(s.LeaseRules())
			run := s.start("deploy", "--rbac-wait", "1m")
			s.until(run, "Waiting up to 1m0s")
			account.Grant(s.t, s.namespace, s.SecretRules("get", "list", "create", "update")...)
			run.wait(runLimit).exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "T15", Setup: "rules reviews come back incomplete",
		Action: "deploy", End: "falls back to single access reviews", Exit: "0", run: func(s *fixture) {
			s.deployerWith(s.SecretRules("get", "list", "create", "update"), s.LeaseRules())
			p := s.proxy()
			p.On(faultproxy.Match{Resource: "selfsubjectrulesreviews"}, faultproxy.Body(incomplete))
			s.berth("deploy").exit(0)
			s.stored("v1 deployed")
			if n := count(p, "selfsubjectaccessreviews"); n == 0 {
				s.t.Error("no single access review was made")
			}
		}},
	{ID: "T16", Setup: "the chart's Role exceeds ours, and it binds what nobody may read, preflight: full",
		Action: "deploy", End: "caught before the first write, the binding by a dry run", Exit: "20", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/role.yaml", exceedingRole)
			s.deployerWith(s.SecretRules(), s.LeaseRules(), []rbacv1.PolicyRule{s.WriteRule(rbacv1.GroupName, "roles"),
				s.WriteRule(rbacv1.GroupName, "rolebindings")})
			s.berth("deploy", "--preflight", "full", "--rbac-wait", "0s").exit(20).lacks("get resourcequotas", "bind clusterroles").
				says("by hand")
			s.untouched()
		}},
}

// exceedingRole is more than the usual deployer has.
const exceedingRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app}
rules:
- {apiGroups: [""], resources: [resourcequotas], verbs: [get]}
- {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: ServiceAccount, name: default}]
`

// rulesWithout returns rules that lack verbs on a resource.
func rulesWithout(rules []rbacv1.PolicyRule, resource string, verbs ...string) (all []rbacv1.PolicyRule) {
	for _, r := range rules {
		for _, one := range r.Resources {
			rule := rbacv1.PolicyRule{APIGroups: r.APIGroups, Resources: []string{one}, Verbs: slices.Clone(r.Verbs)}
			if one == resource {
				rule.Verbs = slices.DeleteFunc(rule.Verbs, func(v string) bool { return slices.Contains(verbs, v) })
			}
			if len(rule.Verbs) > 0 {
				all = append(all, rule)
			}
		}
	}
	return all
}

// missingImage makes the simulated node unable to pull the image.
const missingImage = "image=registry.example/app:missing"

// blindInstall deploys as in https://github.com/helm/helm/issues/13189: the
// user may do everything but update Secrets, and no preflight says so.
func (s *fixture) blindInstall() {
	s.t.Helper()
	s.deployerWith(s.SecretRules("get", "list", "create"), s.LeaseRules())
	e := s.berth("deploy", "--preflight", "off").exit(20).lacks("update secrets")
	if e.report.Status != "pending-install" {
		s.t.Errorf("the report says %q", e.report.Status)
	}
	s.stored("v1 pending-install")
	got := fmt.Sprint(s.lease("attempt-revision"), " ", s.lease("attempt-outcome"), " ", s.lease("attempt-hooks-proven"))
	if got != "1 deployed true" {
		s.t.Errorf("the Lease says %q of the attempt", got)
	}
}

// deployedByAnother deploys a first revision of this branch with all
// permissions.
func (s *fixture) deployedByAnother() {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	s.berth("deploy").exit(0)
	s.stored("v1 deployed")
}

// upgradedByHelm makes that many further revisions.
func (s *fixture) upgradedByHelm(times int) {
	s.t.Helper()
	for range times {
		s.mustHelm(3, "upgrade", s.release, s.chart)
	}
}

// untouched fails the row if a refused deploy left anything behind.
func (s *fixture) untouched() {
	s.t.Helper()
	s.stored("nothing")
	s.owns()
	s.hasNoLease()
}

// unchanged fails the row unless the records are byte for byte those of before.
func (s *fixture) unchanged(before string) {
	s.t.Helper()
	if after := s.recordVersions(); after != before {
		s.t.Errorf("the records were\n%sand are\n%s", before, after)
	}
}

// until waits until a run has said something.
func (s *fixture) until(run *process, text string) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		select {
		case <-run.done:
			s.t.Fatalf("%s ended with %s and did not say %q", run.verb, run, text)
		default:
		}
		return run.out.contains(text), run.verb + " did not say " + text
	})
}

// incomplete makes of the answer to a rules review one that an authorizer gives
// which cannot list its rules.
func incomplete(body []byte) []byte {
	return regexp.MustCompile(`"incomplete":\s*false`).ReplaceAll(body, []byte(`"incomplete":true`))
}

// count is how many requests for a resource went over a proxy.
func count(p *faultproxy.Proxy, resource string) (n int) {
	for _, r := range p.Log() {
		if r.Resource == resource {
			n++
		}
	}
	return n
}

func withoutWatch(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].Verbs = slices.DeleteFunc(slices.Clone(rules[i].Verbs), func(v string) bool { return v == "watch" })
	}
	return rules
}
