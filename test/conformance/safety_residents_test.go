//go:build conformance

package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// What others have in the branch's own namespace, of kinds that few look at.
const (
	markedQuota = `
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota, annotations: {berth.dev/keep: "yes"}}
spec: {hard: {count/cronjobs.batch: 99}}
`
	fluxScaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaler, labels: {kustomize.toolkit.fluxcd.io/name: apps}}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: theirs}}
`
	keptAccount = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: account, annotations: {helm.sh/resource-policy: keep}}
`
	othersBudget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: budget
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: other, meta.helm.sh/release-namespace: NAMESPACE}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: other}}}
`
	hooksRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role, annotations: {helm.sh/hook: pre-install, berth.dev/hook-of: NAMESPACE/other}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
`
	keptByHooks = `
apiVersion: v1
kind: ConfigMap
metadata: {name: marked, annotations: {helm.sh/hook: pre-install, helm.sh/resource-policy: keep}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume, annotations: {helm.sh/hook: pre-install, helm.sh/resource-policy: keep}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	othersTemplate = `
apiVersion: v1
kind: PodTemplate
metadata: {name: template, labels: {berth.dev/identity: another}}
template: {spec: {containers: [{name: a, image: "registry.example/app:1.0"}]}}
`
)

// theirsOfRareKinds are what a controller may have made, each with a sign of whose it is.
func (s *fixture) theirsOfRareKinds() []string {
	all := strings.Join([]string{markedQuota, fluxScaler, keptAccount, othersBudget, hooksRole, othersTemplate}, "---")
	return strings.Split(strings.ReplaceAll(all, "NAMESPACE", s.namespace), "---")
}

// boat is a custom resource of the row's own kind.
func (s *fixture) boat(name, meta string) string {
	return "{apiVersion: " + s.group() + "/v1, kind: Boat, metadata: {name: " + name + ", " + meta + "}, spec: {size: 3}}"
}

// residents are the rows about kinds of object that people and operators have in a namespace
// that goes with its release.
var residents = []row{
	{ID: "S59", Setup: "objects of rare kinds in the branch's own namespace, marked, kept, of another release, hook or branch, " +
		"and a person's custom resource", Action: "teardown, then teardown --delete-foreign",
		End: "each of them, until it is said that they go", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.defineOpen("Boat")
			s.berth("deploy").exit(0)
			theirs, boat := s.theirsOfRareKinds(), s.boat("theirs", "")
			s.put("some-controller", theirs...)
			s.put("kubectl-create", boat)
			all := append(theirs, boat)
			before := s.uids(all...)
			s.berth("teardown").exit(27).says("ResourceQuota/quota: it is marked berth.dev/keep",
				"HorizontalPodAutoscaler/scaler: a GitOps controller owns it", "ServiceAccount/account: its policy is to be kept",
				"PodDisruptionBudget/budget: it belongs to release "+s.namespace+"/other",
				"Role/role: a hook of release "+s.namespace+"/other made it", "PodTemplate/template: it is marked as another branch's",
				"Boat/theirs: it was made with kubectl")
			s.stillThere(before, all...)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S59b", Setup: "custom resources in the branch's own namespace that the release, its hook and operators made, one of them looked at " +
		"by a person", Action: "teardown", End: "nothing: they are no obstacle", Exit: "0", Gone: true, run: func(s *fixture) {
		s.asAdmin()
		s.defineOpen("Boat")
		s.chartWith("templates/boats.yaml", s.boat("own", "")+"\n---\n"+s.boat("hooks", `annotations: {helm.sh/hook: post-install}`))
		s.berth("deploy", "--wait-ignore", "Boat/*").exit(0)
		own := object{s.group() + "/v1", "boats", "own"}
		s.put("operator", s.boat("operators", ""), s.boat("declared", "labels: {berth.dev/with-app: \"yes\"}"))
		s.put("kubectl-create", s.boat("owned", "ownerReferences: [{apiVersion: "+s.group()+"/v1, kind: Boat, name: own, uid: "+
			s.uid(own)+"}]"))
		s.berth("teardown").exit(0).says("and so is its namespace")
		s.namespaceGone()
	}},
	{ID: "S93", Setup: "a person's custom resource in the branch's own namespace, of a kind that the user may not list",
		Action: "teardown", End: "nothing; that it was not looked at is told", Exit: "0", Gone: true, run: func(s *fixture) {
			s.deployerOfNamespaces("get", "create", "patch", "delete")
			s.defineOpen("Boat")
			s.berth("deploy").exit(0)
			s.put("kubectl-create", s.boat("theirs", ""))
			s.berth("teardown").exit(0).says("Not looked at", "boats."+s.group())
			s.namespaceGone()
		}},
	{ID: "S94", Setup: "what serves a kind of object does not answer",
		Action: "teardown", End: "nothing; that it was not looked at is told", Exit: "0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.defineOpen("Boat")
			s.berth("deploy").exit(0)
			s.proxy().On(faultproxy.Match{Verb: "list", Resource: "boats"}, faultproxy.Answer(http.StatusServiceUnavailable, "not well"))
			s.berth("teardown").exit(0).says("Not looked at", "boats."+s.group()+" (its API does not answer)")
			s.namespaceGone()
		}},
	{ID: "S94b", Setup: "a person's custom resource, whose conversion to the version that the API server prefers does not answer",
		Action: "teardown", End: "the custom resource, and the namespace", Exit: "27", Gone: true, Slow: true, run: func(s *fixture) {
			s.asAdmin()
			s.serve("Boat", strings.Replace(s.crd("Boat"), "{type: object}", "{type: object, x-kubernetes-preserve-unknown-fields: true}", 1)+`
    - {name: v2, served: true, storage: false, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {url: "https://127.0.0.1:1/convert"}}
`)
			s.berth("deploy").exit(0)
			theirs := s.boat("theirs", "")
			s.put("kubectl-create", theirs)
			before := s.uids(theirs)
			s.berth("teardown").exit(27).says("Boat/theirs: it was made with kubectl")
			s.stillThere(before, theirs)
		}},
	{ID: "S95", Setup: "objects that somebody marked in the branch's own namespace, and that name an object of the release as their owner, " +
		"one by way of another", Action: "teardown, then teardown --delete-foreign", End: "each, with the owner; until it is said that they go",
		Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			deployment, service, between := object{"apps/v1", "deployments", "web"}, object{"v1", "services", "web"}, configMap("between")
			s.put("some-controller", "{apiVersion: v1, kind: ConfigMap, metadata: {name: between}}", twoMaps)
			s.ownedBy(between, deployment, "Deployment")
			s.ownedBy(marked, between, "ConfigMap")
			s.ownedBy(fluxes, service, "Service")
			s.mark()
			before := s.uidsOf(marked, fluxes, deployment, service, between)
			s.berth("teardown").exit(27).says("ConfigMap/marked: it is marked", "Deployment/web was kept: ConfigMap/marked names it as its owner",
				"Service/web was kept: ConfigMap/flux names it as its owner")
			s.sameUIDs(before, marked, fluxes, deployment, service, between)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S95b", Setup: "an object that somebody marked in the branch's own namespace, and that names an object of the release as its owner, " +
		"while the teardown waits for a deploy", Action: "teardown, then teardown --delete-foreign",
		End: "it, with the owner; until it is said that they go", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			direct, deployment := s.kubeconfig, object{"apps/v1", "deployments", "web"}
			at := s.holdRequest(s.proxy(), finalUpdate)
			deploy := s.start("deploy")
			at.await(deploy)
			s.kubeconfig = direct
			teardown := s.start("teardown")
			s.until(teardown, "Waiting for the lock")
			s.put("some-controller", twoMaps)
			s.ownedBy(marked, deployment, "Deployment")
			s.mark()
			before := s.uidsOf(marked, deployment)
			at.release()
			deploy.wait(runLimit).exit(0)
			teardown.wait(runLimit).exit(27).says("ConfigMap/marked: it is marked",
				"Deployment/web was kept: ConfigMap/marked names it as its owner")
			s.sameUIDs(before, marked, deployment)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S96", Setup: "a definition of a kind in the chart, of which somebody has an object in a namespace of the branch's own name, " +
		"which Berth did not make", Action: "teardown",
		End: "the definition and the object", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.kubeconfig, s.branch = s.Kubeconfig(), s.namespace
			own := []string{"--namespace", "{{ .Slug }}"}
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			s.berth("deploy", own...).exit(0)
			boats := object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			boat := object{s.group() + "/v1", plural("Boat"), "theirs"}
			s.put("operator", s.boat("theirs", ""))
			before := s.uidsOf(boats, boat)
			s.berth("teardown", own...).exit(0).warned("Left in place").says(s.namespace + "/theirs is of its kind")
			s.sameUIDs(before, boats, boat)
			s.deleteDefinition("Boat")
		}},
	{ID: "S97", Setup: "in the branch's own namespace, a person's copies of a Secret and a claim of the release, with its marks; and a Deployment " +
		"of the release that a person made anew", Action: "teardown, then teardown --delete-foreign",
		End: "the copies, until it is said that they go", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/more.yaml", secret("password", "")+"---"+ownVolume)
			s.berth("deploy", "--wait-ignore", "PersistentVolumeClaim/*").exit(0)
			s.copyAs("kubectl-client-side-apply", object{"v1", "secrets", "password"}, "password-copy")
			s.copyAs("kubectl-create", volume, "volume-copy")
			s.copyAs("kubectl-create", object{"apps/v1", "deployments", "web"}, "")
			copies := []object{{"v1", "secrets", "password-copy"}, {"v1", "persistentvolumeclaims", "volume-copy"}}
			before := s.uidsOf(copies...)
			e := s.berth("teardown").exit(27).says("Secret/password-copy: it was made with kubectl and bears the marks of this release",
				"PersistentVolumeClaim/volume-copy: it was made with kubectl")
			if e.out.contains("kept for Deployment/web") {
				s.t.Error("what the record names is taken for a copy")
			}
			s.sameUIDs(before, copies...)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S97b", Setup: "in a namespace that stays, a claim that a person made with the name and the labels of a StatefulSet's",
		Action: "teardown with delete-claims", End: "that claim, and it is named", Exit: "0", Gone: true, run: func(s *fixture) {
			s.deployDatabase("", "")
			s.copyAs("kubectl-client-side-apply", claim(0), "data-db-7")
			before := s.uidsOf(claim(7))
			s.berth("teardown", "--delete-claims").exit(0).says("data-db-7: it was made with kubectl, and not for StatefulSet/db")
			s.sameUIDs(before, claim(7))
			s.absent(claim(0), claim(1))
		}},
	{ID: "S98", Setup: "hooks made a ConfigMap and a claim that the chart says to keep, in the branch's own namespace",
		Action: "teardown twice, then teardown --delete-kept", End: "both, until it is said that they go", Exit: "27, 27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/hooks.yaml", keptByHooks)
			s.berth("deploy").exit(0)
			before := s.uidsOf(marked, volume)
			for range 2 {
				s.berth("teardown").exit(27).says("ConfigMap/marked was kept: its resource policy is keep",
					"PersistentVolumeClaim/volume was kept", "--delete-kept")
				s.sameUIDs(before, marked, volume)
			}
			s.berth("teardown", "--delete-kept").exit(0).says("Deleted although it was to be kept")
			s.namespaceGone()
		}},
	{ID: "S183b", Setup: "a claim that the hook of somebody's release left in a Namespace of the chart's own",
		Action: "teardown", End: "the Namespace and the claim",
		Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			mine, tools := s.namespace, s.Name(s.t, "tools")
			s.chartWith("templates/tools.yaml", strings.ReplaceAll(namespaceOfTheChart, "NAME", tools))
			s.berth("deploy").exit(0)
			s.namespace = tools
			s.put("helm", hookOfOthers)
			s.namespace = mine
			s.berth("teardown").exit(0).warned("Left in place").says("PersistentVolumeClaim/db-data is in it")
			s.namespace = tools
			s.namespaceStays()
			s.namespace = mine
		}},
	{ID: "S99", Setup: "a namespace in which the StatefulSet of another branch's release has left its claims, adopted since",
		Action: "teardown, then teardown --delete-foreign", End: "the claims, until it is said that they go", Exit: "27, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.as("one", "web-one")
			s.deployDatabase("", "")
			s.berth("teardown").exit(0)
			before := s.uidsOf(claim(0), claim(1))
			s.later()
			s.as("two", "web-two")
			s.chart = "testdata/app"
			s.berth("deploy", "--adopt=namespace").exit(0)
			s.berth("teardown").exit(27).says("PersistentVolumeClaim/data-db-0: it was there before Berth adopted the namespace",
				"PersistentVolumeClaim/data-db-1")
			s.sameUIDs(before, claim(0), claim(1))
			s.namespaceStays()
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
}

// hookOfOthers is what a hook of a release that was uninstalled has left.
const hookOfOthers = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: db-data, annotations: {helm.sh/hook: pre-install}, labels: {app.kubernetes.io/instance: db}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
`

// ownedBy has an object name another as its owner.
func (s *fixture) ownedBy(o, owner object, kind string) {
	s.t.Helper()
	s.patch("some-controller", o, `{"metadata":{"ownerReferences":[{"apiVersion":"`+owner.apiVersion+`","kind":"`+kind+`","name":"`+
		owner.name+`","uid":"`+s.uid(owner)+`"}]}}`)
}

// copyAs makes a copy of an object with all that is written on it, as this field manager. Without
// another name it takes the place of the object.
func (s *fixture) copyAs(manager string, o object, name string) {
	s.t.Helper()
	live := s.read(o)
	if name == "" {
		s.remove(o)
		s.absent(o)
		name = o.name
	}
	s.create(manager, o, live, name)
}

// later returns in another second of the API server's clock than now.
func (s *fixture) later() {
	s.t.Helper()
	n := 0
	second := func() time.Time {
		n++
		name := fmt.Sprintf("clock-%d", n)
		s.put("clock", "{apiVersion: v1, kind: ConfigMap, metadata: {name: "+name+"}}")
		defer s.remove(configMap(name))
		return s.read(configMap(name)).GetCreationTimestamp().Time
	}
	first := second()
	kubetest.Eventually(s.t, 10*time.Second, func() (bool, string) { return second().After(first), "the clock stands still" })
}
