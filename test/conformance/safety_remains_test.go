//go:build conformance

package conformance

import (
	"fmt"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// roleOfRelease is in no namespace.
const roleOfRelease = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "%s"}
rules: []
`

// remains are the rows about what a release leaves behind it: hooks, claims, objects that are kept.
var remains = []row{
	{ID: "S70", Setup: "hooks made a Job, a Secret and a Deployment, in a namespace that stays", Action: "teardown",
		End: "each is named, and stays", Exit: "0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hooks.yaml", lastingHooks)
			s.berth("deploy").exit(0)
			before := s.uidsOf(hookObjects...)
			run := s.berth("teardown").exit(0).says("but for 3 objects that its hooks and StatefulSets left; the namespace stays",
				"Job/migrate", "Secret/hook-secret", "Deployment/cache", "delete-hooks deletes it")
			run.reports(`"remains"`).silent("stored as")
			s.sameUIDs(before, hookObjects...)
		}},
	{ID: "S71", Setup: "the same", Action: "teardown with delete-hooks", End: "nothing of the release is left, no pod either",
		Exit: "0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hooks.yaml", lastingHooks)
			s.berth("deploy").exit(0)
			s.berth("teardown", "--delete-hooks").exit(0).says("is gone; the namespace stays")
			s.absent(hookObjects...)
			if left := s.podsOf("app=cache"); left > 0 {
				s.t.Errorf("%d pods of a hook's Deployment are left", left)
			}
		}},
	{ID: "S71b", Setup: "a hook made a ConfigMap in another namespace, and the release's own goes", Action: "teardown",
		End: "it is named, and stays; with delete-hooks it is gone", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			other := s.Namespace(s.t)
			s.asAdmin()
			s.chartWith("templates/hooks.yaml", strings.ReplaceAll(hookElsewhere, "OTHER", other))
			s.berth("deploy").exit(0)
			run := s.berth("teardown").exit(0).says("and so is its namespace", "but for 1 object that its hooks and StatefulSets left",
				other+"/ConfigMap/shared")
			run.reports(`"remains"`)
			if got := s.configMapIn(other, "shared"); got == "" {
				s.t.Error("the ConfigMap is gone")
			}
			s.berth("deploy").exit(0) // over what it left
			s.berth("teardown", "--delete-hooks").exit(0)
			if got := s.configMapIn(other, "shared"); got != "" {
				s.t.Error("the ConfigMap is still there")
			}
		}},
	{ID: "S72", Setup: "since the deploy, others made the objects of its hooks' names anew: a person, another release, another release's hook",
		Action: "teardown with delete-hooks", End: "all three, by UID, and named", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hooks.yaml", lastingHooks)
			s.berth("deploy").exit(0)
			s.replace(hookSecret, nil)
			s.replace(hookDeployment, map[string]string{"meta.helm.sh/release-name": "db", "meta.helm.sh/release-namespace": s.namespace})
			s.replace(hookJob, map[string]string{"helm.sh/hook": "post-install", "berth.dev/hook-of": s.namespace + "/db"})
			before := s.uidsOf(hookObjects...)
			s.berth("teardown", "--delete-hooks").exit(0).warned("Left to its owner").
				says("Secret/hook-secret: nothing on it says", "Deployment/cache: it belongs to release "+s.namespace+"/db",
					"Job/migrate: it belongs to release "+s.namespace+"/db")
			s.sameUIDs(before, hookObjects...)
		}},
	{ID: "S73", Setup: "a hook's Secret is made anew by a person between the look at it and its deletion",
		Action: "teardown with delete-hooks", End: "the new one, and named", Exit: "0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hooks.yaml", lastingHooks)
			s.berth("deploy").exit(0)
			made := ""
			deletion := faultproxy.Match{Verb: "delete", Resource: "secrets", Name: "hook-secret", Times: 1}
			s.proxy().On(deletion, faultproxy.Call(func(faultproxy.Request) {
				s.replace(hookSecret, nil)
				made = s.uid(hookSecret)
			}))
			s.berth("teardown", "--delete-hooks").exit(0).says("Secret/hook-secret: nothing on it says", "but for 1 object")
			if now := s.uid(hookSecret); made == "" || now != made {
				s.t.Errorf("the Secret that was made anew was %q and is %q", made, now)
			}
			s.absent(hookJob, hookDeployment)
		}},
	{ID: "S73b", Setup: "a person marks a StatefulSet's claim, and what a failed revision left, while each is about to be deleted",
		Action: "teardown with delete-claims; deploy, one that fails, and one without what that had", End: "both, and they are named",
		Exit: "0, 0, 0, 23, 0 + warning", run: func(s *fixture) {
			plain := s.chart
			s.deployDatabase("", "")
			before, proxy := s.uidsOf(claim(0)), s.proxy()
			marks := func(o object) {
				proxy.On(faultproxy.Match{Verb: "delete", Resource: o.resource, Name: o.name, Times: 1},
					faultproxy.Call(func(faultproxy.Request) { s.patch("kubectl-annotate", o, keepMark) }))
			}
			marks(claim(0))
			s.berth("teardown", "--delete-claims").exit(0).says(claim(0).name + ": it is marked berth.dev/keep")
			s.sameUIDs(before, claim(0))
			s.chart = plain
			s.berth("deploy").exit(0)
			s.chartWith("templates/marked.yaml", twoMaps+"---"+refusedService)
			s.berth("deploy").exit(23)
			before = s.uidsOf(marked)
			marks(marked)
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").says("ConfigMap/marked was kept: it is marked berth.dev/keep")
			s.sameUIDs(before, marked)
		}},
	{ID: "S74", Setup: "a StatefulSet with claims, in a namespace that stays", Action: "teardown, also with delete-hooks",
		End: "each claim is named, and stays", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			for _, flags := range [][]string{nil, {"--delete-hooks"}} {
				s.deployDatabase("", "")
				before := s.uidsOf(claim(0), claim(1))
				s.berth("teardown", flags...).exit(0).
					says("PersistentVolumeClaim/data-db-0", "data-db-1", "delete-claims deletes it", "but for 2 objects")
				s.sameUIDs(before, claim(0), claim(1))
				s.remove(claim(0))
				s.remove(claim(1))
			}
		}},
	{ID: "S75", Setup: "the same, and claims of like names: one older than the release, one of a person, one that another release took",
		Action: "teardown with delete-claims", End: "the claims of others, by UID, and named; those of the release are gone",
		Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.makeClaim("data-db-7", map[string]string{"app": "db"}, nil)
			s.passSecond()
			s.deployDatabase("", "")
			s.makeClaim("data-db-8", nil, nil)
			s.makeClaim("data-db-9", map[string]string{"app": "db"},
				map[string]string{"meta.helm.sh/release-name": "db", "meta.helm.sh/release-namespace": s.namespace})
			s.makeClaim("data-db-x", map[string]string{"app": "db"}, nil)
			others := []object{claim(7), claim(8), claim(9), {"v1", "persistentvolumeclaims", "data-db-x"}}
			before := s.uidsOf(others...)
			s.berth("teardown", "--delete-claims").exit(0).warned("Left to its owner").
				says("data-db-7: it is older than the release", "data-db-8: it lacks the labels", "data-db-9: it belongs to release "+s.namespace+"/db")
			s.sameUIDs(before, others...)
			s.absent(claim(0), claim(1))
		}},
	{ID: "S76", Setup: "a StatefulSet whose retention policy deletes its claims", Action: "teardown", End: "its claims are gone, too",
		Exit: "0", Gone: true, run: func(s *fixture) {
			s.deployDatabase("persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}", "")
			s.berth("teardown").exit(0).says("is gone; the namespace stays")
			s.absent(claim(0), claim(1))
		}},
	{ID: "S76b", Setup: "a StatefulSet whose claims have the policy keep", Action: "teardown with delete-claims",
		End: "each claim is named, and stays", Exit: "0", Gone: true, run: func(s *fixture) {
			s.deployDatabase("", "annotations: {helm.sh/resource-policy: keep}")
			before := s.uidsOf(claim(0), claim(1))
			s.berth("teardown", "--delete-claims").exit(0).says("data-db-0: its resource policy is keep")
			s.sameUIDs(before, claim(0), claim(1))
		}},
	{ID: "S77", Setup: "a teardown is killed before it deletes a claim, and run again", Action: "teardown with delete-claims",
		End: "the records, until the claims are gone", Exit: "0", Gone: true, Slow: true, run: func(s *fixture) {
			s.deployDatabase("", "")
			s.killBefore(s.proxy(), deletionOf("persistentvolumeclaims"), "teardown", "--delete-claims")
			s.stored("v1 uninstalled")
			s.untilDead()
			s.berth("teardown", "--delete-claims").exit(0)
			s.absent(claim(0), claim(1))
		}},
	{ID: "S77b", Setup: "the right to delete claims is missing; it is not asked for; it is granted",
		Action: "teardown with delete-claims, each time", End: "all; the record and the claims; nothing", Exit: "20, 20, 0", Gone: true,
		run: func(s *fixture) {
			account := s.userWith(s.SecretRules(), s.LeaseRules(), without(s.DeployerRules(), "persistentvolumeclaims"))
			account.Grant(s.t, s.namespace, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"},
				Verbs: []string{"get", "list"}})
			s.deployDatabase("", "")
			s.berth("teardown", "--delete-claims", "--rbac-wait", "0s").exit(20).lacks("delete persistentvolumeclaims")
			s.stored("v1 deployed")
			s.berth("teardown", "--delete-claims", "--preflight", "off").exit(20).says("The records are kept")
			s.stored("v1 uninstalled")
			account.Grant(s.t, s.namespace, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"},
				Verbs: []string{"delete"}})
			s.berth("teardown", "--delete-claims").exit(0)
			s.absent(claim(0), claim(1))
		}},
	{ID: "S78", Setup: "a Deployment that a hook made is ready; then its pods crash; then it is deleted", Action: "check, each time",
		End: "named, as part of the app", Exit: "0, 24, 24", run: func(s *fixture) {
			s.chartWith("templates/hooks.yaml", lastingHooks)
			s.berth("deploy").exit(0)
			s.berth("check").exit(0).says("Every workload that hooks made is ready")
			s.strategic("kubectl-edit", hookDeployment,
				`{"spec":{"template":{"metadata":{"annotations":{"sim.berth.dev/behaviour":"crash-loop"}}}}}`)
			s.berth("check", "--check-timeout", "8s").exit(24).says("Deployment/cache: is not ready", "connection refused")
			s.remove(hookDeployment)
			s.berth("check").exit(24).says("Deployment/cache: does not exist, though a hook of this revision made it")
		}},
	{ID: "S79", Setup: "the delete policy of a hook changed since its Job was made, so that Helm would not delete it first",
		Action: "deploy", End: "the Job made way, and the hook ran anew; another's Job of that name stays", Exit: "0 + warning, 27",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "hooks.post-upgrade.policy=before-hook-creation").exit(0)
			before := s.jobUID("web-post-upgrade")
			changed := []string{"--set", "hooks.post-upgrade.policy=hook-failed"}
			s.berth("deploy", changed...).exit(0).warned("Release repaired")
			s.hookCompleted("post-upgrade")
			if s.jobUID("web-post-upgrade") == before {
				s.t.Error("the hook did not run anew")
			}
			job := object{"batch/v1", "jobs", "web-post-upgrade"}
			s.replace(job, map[string]string{"helm.sh/hook": "post-upgrade", "berth.dev/hook-of": s.namespace + "/db"})
			theirs := s.uidsOf(job)
			s.berth("deploy", changed...).exit(27).says("Job/web-post-upgrade", s.namespace+"/db")
			s.sameUIDs(theirs, job)
			s.remove(job)
		}},
	{ID: "S220", Setup: "somebody deletes the namespace of a release that has a ClusterRole, and it has not gone yet",
		Action: "teardown, its records there yet; deploy, and teardown once they are gone; deploy and teardown",
		End:    "named; then that it is not known; then gone", Exit: "0, 24, 0 + warning, 0, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/role.yaml", fmt.Sprintf(roleOfRelease, s.namespace))
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			record := object{"v1", "secrets", "sh.helm.release.v1." + s.release + ".v1"}
			s.patch("kubectl-edit", record, `{"metadata": {"finalizers": ["`+hold+`"]}}`)
			s.terminate()
			run := s.start("teardown")
			s.until(run, "Wait until the namespace is gone")
			s.patch("kubectl-edit", record, `{"metadata": {"finalizers": null}}`)
			s.letGo()
			run.wait(runLimit).exit(24).says("1 object of web outside of it is still there", "ClusterRole/"+s.namespace, "Deploy the branch again")
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0).warned("Release repaired")
			s.terminate()
			run = s.start("teardown")
			s.until(run, "Wait until the namespace is gone")
			s.letGo()
			run.wait(runLimit).exit(0).says("which was being deleted, is gone", "is not known")
			s.berth("deploy").exit(0).warned("Release repaired")
			s.berth("teardown").exit(0)
			s.namespaceGone()
		}},
}

// passSecond lets the API server's clock, which tells whole seconds, go on.
func (s *fixture) passSecond() {
	s.t.Helper()
	from := time.Now()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) { return time.Since(from) > 2*time.Second, "it is too early" })
}

// without is the rules without a resource.
func without(rules []rbacv1.PolicyRule, resource string) []rbacv1.PolicyRule {
	var left []rbacv1.PolicyRule
	for _, r := range rules {
		var resources []string
		for _, name := range r.Resources {
			if name != resource {
				resources = append(resources, name)
			}
		}
		if r.Resources = resources; len(resources) > 0 {
			left = append(left, r)
		}
	}
	return left
}
