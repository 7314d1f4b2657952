//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/test/kubetest"
)

// ownRecords are the rows about records that are not where they belong, take-overs and adopt.
var ownRecords = []row{
	{ID: "S20", Setup: "the record of a release of another namespace, copied here as by a restore or a reflector",
		Action: "check; deploy, repair and teardown, each without and with adopt",
		End:    "the record is named; nothing changed in either namespace",
		Exit:   "27, 27, 27, 27, 27, 27, 27", Gone: true, run: func(s *fixture) {
			from := s.elsewhere()
			s.copyRecord(from, 1, 1)
			s.refusedEverywhere([]string{from, s.namespace}, "sh.helm.release.v1.web.v1", `in namespace "`+from+`"`, "kubectl delete secrets")
			s.dropRecord(1)
		}},
	{ID: "S21", Setup: "the same with HELM_DRIVER=configmap",
		Action: "check; deploy, repair and teardown, each without and with adopt",
		End:    "the record is named; nothing changed in either namespace",
		Exit:   "27, 27, 27, 27, 27, 27, 27", Gone: true, run: func(s *fixture) {
			from := s.elsewhere()
			s.env["HELM_DRIVER"] = "configmap"
			s.copyToConfigMap(from, 1)
			s.refusedEverywhere([]string{from, s.namespace}, "sh.helm.release.v1.web.v1", `in namespace "`+from+`"`, "kubectl delete configmaps")
		}},
	{ID: "S22", Setup: "such a record as the newest of a release of ours",
		Action: "check; deploy, repair and teardown, each without and with adopt; deploy once the record is deleted",
		End:    "the record is named and nothing changed; then v2 deployed",
		Exit:   "27, 27, 27, 27, 27, 27, 27, 0", run: func(s *fixture) {
			from := s.elsewhere()
			s.berth("deploy").exit(0)
			s.copyRecord(from, 1, 2)
			s.refusedEverywhere([]string{from, s.namespace}, "sh.helm.release.v1.web.v2", `in namespace "`+from+`"`)
			s.dropRecord(2)
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "S23", Setup: "such a record as an earlier one of a release of ours",
		Action: "teardown, without and with adopt; deploy; teardown once the record is deleted",
		End:    "named before any object goes; not gone by; then all gone", Exit: "27, 27, 0, 0", Gone: true, run: func(s *fixture) {
			from := s.elsewhere()
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.dropRecord(1)
			s.copyRecord(from, 1, 1)
			s.change(1, func(record *corev1.Secret) { record.Labels["status"] = "superseded" })
			before := s.stateOf(from, s.namespace)
			for _, flags := range [][]string{nil, {"--adopt=all"}} {
				s.berth("teardown", flags...).exit(27).says("sh.helm.release.v1.web.v1", `in namespace "`+from+`"`)
			}
			s.sameState(before, s.stateOf(from, s.namespace))
			was := s.stateOf(from)
			s.berth("deploy").exit(0)
			s.dropRecord(1)
			s.berth("teardown").exit(0)
			s.owns()
			s.sameState(was, s.stateOf(from))
		}},
	{ID: "S24", Setup: "such a record as the deployed one, below a revision that failed",
		Action: "check; deploy, repair and teardown, each without and with adopt; repair by a rollback; deploy once the record is deleted",
		End:    "the record is named and nothing changed; then v3 deployed", Exit: "27, 27, 27, 27, 27, 27, 27, 27, 0", run: func(s *fixture) {
			from := s.elsewhere()
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "selector=new").exit(23)
			s.dropRecord(1)
			s.copyRecord(from, 1, 1)
			says := []string{"sh.helm.release.v1.web.v1", `in namespace "` + from + `"`}
			s.refusedEverywhere([]string{from, s.namespace}, says...)
			s.berth("repair", "--on-stuck", "rollback").exit(27).says(says...)
			s.dropRecord(1)
			s.berth("deploy").exit(0)
		}},
	{ID: "S25", Setup: "another release's payload, or another revision's, under this one's name; a label that names this release on another's record",
		Action: "check; deploy, repair and teardown, each without and with adopt: all of it three times; deploy once it is as it was",
		End:    "the record is named and nothing changed; then v2 deployed",
		Exit:   "27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 0", run: func(s *fixture) {
			s.mustHelm(3, "install", "api", s.chart)
			s.berth("deploy").exit(0)
			own := s.records()[0].Secret.Data["release"]
			put := func(payload []byte) {
				s.change(1, func(record *corev1.Secret) { record.Data["release"] = payload })
			}
			put(s.recordOf(s.namespace, "api", 1).Data["release"])
			s.refusedEverywhere([]string{s.namespace}, "sh.helm.release.v1.web.v1", `of release "api"`)
			put(own)
			s.copyRecord(s.namespace, 1, 2)
			s.refusedEverywhere([]string{s.namespace}, "sh.helm.release.v1.web.v2", `revision 1 of release "web"`)
			s.dropRecord(2)
			s.nameOf("api", "web")
			s.refusedEverywhere([]string{s.namespace}, "sh.helm.release.v1.api.v1", `its label names release "web"`)
			s.nameOf("api", "api")
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "S26", Setup: "an object that was kept (helm.sh/resource-policy) when another release of the namespace was uninstalled",
		Action: "deploy of a chart that has it; deploy with adopt naming it; teardown",
		End:    "untouched; then the release's, and left by its teardown", Exit: "27, 0 + warning, 0 + warning", Gone: true,
		run: func(s *fixture) {
			s.mustHelm(3, "install", "web-x", s.chart, "--set", "resourcePolicy=keep")
			s.mustHelm(3, "uninstall", "web-x", "--wait")
			s.takenOnlyByName("kept on purpose")
		}},
	{ID: "S27", Setup: "such an object that is marked by Argo CD, Flux, berth.dev/keep or another tool, names no owner, or that Argo CD writes to",
		Action: "deploy of a chart that has it, each", End: "untouched", Exit: "27, 27, 27, 27, 27, 27", Gone: true, run: func(s *fixture) {
			s.neighbour()
			s.loseRecords("web-x")
			for _, mark := range []struct{ manager, says, set, unset string }{
				{"kubectl", "GitOps", `{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"a:b"}}}`,
					`{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":null}}}`},
				{"kubectl", "GitOps", `{"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}}}`,
					`{"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":null}}}`},
				{"kubectl", "berth.dev/keep", `{"metadata":{"labels":{"berth.dev/keep":"true"}}}`,
					`{"metadata":{"labels":{"berth.dev/keep":null}}}`},
				{"kubectl", "managed by", `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"pulumi"}}}`,
					`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"}}}`},
				{"kubectl", "names no release", `{"metadata":{"annotations":{"meta.helm.sh/release-name":null}}}`,
					`{"metadata":{"annotations":{"meta.helm.sh/release-name":"web-x"}}}`},
				{"argocd-controller", "argocd-controller", `{"data":{"by":"argo"}}`, ""},
			} {
				s.patch(mark.manager, ofNeighbour, mark.set)
				before := s.stateOf(s.namespace)
				s.berth("deploy", "--set", "extras={x}").exit(27).says("ConfigMap/web-x", mark.says, "adopt")
				s.sameState(before, s.stateOf(s.namespace))
				if mark.unset != "" {
					s.patch(mark.manager, ofNeighbour, mark.unset)
				}
			}
		}},
	{ID: "S28", Setup: "a cluster-wide object of a release that cannot be found, as where a database keeps its records",
		Action: "deploy of a chart that has it; deploy with adopt naming it; teardown; deploy; teardown with adopt naming it",
		End:    "untouched; the release's; left; the release's; gone",
		Exit:   "27, 0 + warning, 0 + warning, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			role := s.clusterRole("prod", "prod")
			before := role.ResourceVersion
			s.berth("deploy").exit(27).says("ClusterRole/"+role.Name, "prod/prod", "adopt")
			if after := s.liveRole(role.Name); after.ResourceVersion != before {
				s.t.Errorf("it was touched: %v", after)
			}
			s.berth("deploy", "--adopt=ClusterRole/"+role.Name).exit(0)
			s.berth("teardown").exit(0).warned("Left in place").says("ClusterRole/"+role.Name, "taken over")
			if left := s.liveRole(role.Name); left == nil || left.UID != role.UID || left.Annotations["berth.dev/taken-over-from"] != "prod/prod" {
				s.t.Errorf("left is %v", left)
			}
			s.berth("deploy").exit(0)
			s.berth("teardown", "--adopt=ClusterRole/"+role.Name).exit(0)
			if left := s.liveRole(role.Name); left != nil {
				s.t.Errorf("it is still there: %v", left)
			}
		}},
	{ID: "S29", Setup: "a cluster-wide object of a release that lives in another namespace, by HELM_DRIVER=configmap",
		Action: "deploy of a chart that has it, without and with adopt naming it, and with adopt=all",
		End:    "untouched", Exit: "27, 27, 27", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			from := s.elsewhere()
			role := s.clusterRole(from, s.release)
			s.moveToConfigMap(from)
			for _, flags := range [][]string{nil, {"--adopt=ClusterRole/" + role.Name}, {"--adopt=all"}} {
				s.berth("deploy", flags...).exit(27).says("ClusterRole/"+role.Name, "belongs to release "+from+"/web")
			}
			if after := s.liveRole(role.Name); after.ResourceVersion != role.ResourceVersion {
				s.t.Errorf("it was touched: %v", after)
			}
		}},
	{ID: "S29b", Setup: "somebody's release of the very name and namespace, by HELM_DRIVER=configmap",
		Action: "deploy, without and with adopt, and with adopt=all", End: "untouched", Exit: "27, 27, 27", Gone: true, run: func(s *fixture) {
			s.mustHelm(3, "install", s.release, s.chart, "--set", "extras={x}")
			s.moveToConfigMap(s.namespace)
			before := s.version("web")
			for _, flags := range [][]string{nil, {"--adopt"}, {"--adopt=all"}} {
				s.berth("deploy", append(flags, "--set", "greeting=bye")...).exit(27).
					says("ConfigMap/web", "belongs to release "+s.namespace+"/web, which has its records in configmaps (HELM_DRIVER)")
			}
			if after := s.version("web"); after != before {
				s.t.Errorf("it was touched: resourceVersion %s, before %s", after, before)
			}
		}},
	{ID: "S29c", Setup: "the branch's own release in a namespace that stays, by HELM_DRIVER=configmap",
		Action: "teardown without HELM_DRIVER, twice, then with it", End: "untouched, and said so; then gone", Exit: "27, 27, 0", Gone: true,
		run: func(s *fixture) {
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy").exit(0)
			delete(s.env, "HELM_DRIVER")
			pods := s.pods()
			for range 2 {
				s.berth("teardown").exit(27).says("has its records in configmaps", "HELM_DRIVER")
			}
			s.samePods(pods)
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("teardown").exit(0)
			delete(s.env, "HELM_DRIVER")
		}},
	{ID: "S30", Setup: "an object that was taken over, since its release is no more",
		Action: "deploy of a chart without it; deploy with it; teardown; deploy with it; teardown with adopt naming it",
		End:    "left each time, named; gone only where adopt names it",
		Exit:   "0 + warning, 0, 0 + warning, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.neighbour()
			uid := s.configMapNamed("web-x").UID
			s.loseRecords("web-x")
			s.berth("deploy", "--set", "extras={x}").exit(0).warned("Release repaired").says("Teardown leaves")
			left := func() {
				s.t.Helper()
				if live := s.configMapNamed("web-x"); live == nil || live.UID != uid {
					s.t.Errorf("left is %v", live)
				}
			}
			s.berth("deploy").exit(0).says("ConfigMap/web-x")
			left()
			s.berth("deploy", "--set", "extras={x}").exit(0)
			s.berth("teardown").exit(0).warned("Left in place").says("ConfigMap/web-x", "taken over")
			left()
			s.owns("ConfigMap/web-x")
			s.berth("deploy", "--set", "extras={x}").exit(0)
			s.berth("teardown", "--adopt=ConfigMap/web-x").exit(0)
			if live := s.configMapNamed("web-x"); live != nil {
				s.t.Errorf("it is still there: %v", live)
			}
		}},
	{ID: "S30b", Setup: "somebody's object, which adopt names in every run, as a workflow has it",
		Action: "deploy an install that fails, with on-failure uninstall; deploy with it, without it; deploy an upgrade with it that fails, " +
			"with on-failure rollback; deploy with it, repair with on-stuck uninstall; deploy with it; teardown",
		End:  "the object, by UID, until the teardown",
		Exit: "23, 0 + warning, 0 + warning, 23, 0, 0 + warning, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.makeMap(extraMap.name)
			uid, adopt := s.configMapNamed(extraMap.name).UID, "--adopt=ConfigMap/"+extraMap.name
			left := func() {
				s.t.Helper()
				if live := s.configMapNamed(extraMap.name); live == nil || live.UID != uid {
					s.t.Errorf("left is %v", live)
				}
			}
			plain := s.chart
			s.chartWith("templates/refused.yaml", refusedService)
			refused := s.chart
			s.berth("deploy", "--set", "extras={x}", adopt, "--on-failure", "uninstall").exit(23).says("ConfigMap/web-x", "taken over")
			left()
			s.chart = plain
			s.berth("deploy", "--set", "extras={x}", adopt).exit(0).warned("Release repaired")
			s.berth("deploy", adopt).exit(0).warned("Left in place").says("ConfigMap/web-x", "taken over")
			left()
			s.chart = refused
			s.berth("deploy", "--set", "extras={x}", adopt, "--on-failure", "rollback").exit(23).says("ConfigMap/web-x", "taken over")
			left()
			s.chart = plain
			s.berth("deploy", "--set", "extras={x}", adopt).exit(0)
			s.setStatus(5, "uninstalling", "uninstalling")
			s.berth("repair", adopt, "--on-stuck", "uninstall", "--assume-dead-after", "1s").exit(0).
				warned("Release repaired").says("ConfigMap/web-x", "taken over")
			left()
			s.berth("deploy", "--set", "extras={x}", adopt).exit(0)
			s.berth("teardown", adopt).exit(0)
			if live := s.configMapNamed(extraMap.name); live != nil {
				s.t.Errorf("it is still there: %v", live)
			}
		}},
	{ID: "S30c", Setup: "somebody's object, which adopt names in the workflow of auto",
		Action: "auto when opened, auto when closed; teardown by name", End: "the object, by UID, until the verb is named",
		Exit: "0 + warning, 0 + warning, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			name := s.release + "-x"
			s.makeMap(name)
			uid, inputs := s.configMapNamed(name).UID, []string{"--release", "", "--set", "extras={x}", "--adopt=ConfigMap/" + name}
			own := `{"full_name": "acme/shop"}`
			s.onGitHub("pull_request", pull("opened", "acme:login", own))
			s.auto(inputs...).exit(0).warned("Release repaired")
			s.onGitHub("pull_request", pull("closed", "acme:login", own))
			s.auto(inputs...).exit(0).warned("Left in place").says("ConfigMap/"+name, "only the verb teardown")
			if live := s.configMapNamed(name); live == nil || live.UID != uid {
				s.t.Errorf("left is %v", live)
			}
			s.onGitHub("pull_request", pull("reopened", "acme:login", own))
			s.auto(inputs...).exit(0).warned("Release repaired")
			s.berth("teardown", "--release", "", "--adopt=ConfigMap/"+name).exit(0)
			if live := s.configMapNamed(name); live != nil {
				s.t.Errorf("it is still there: %v", live)
			}
		}},
	{ID: "S30d", Setup: "an object that a hook of another app has made, whose release is on record",
		Action: "deploy of a chart that has it; with adopt naming it; with adopt=all; once that release is no more, with adopt naming it",
		End:    "the object, until its release is no more", Exit: "27, 27, 27, 0, 0 + warning, 0 + warning", Gone: true, run: func(s *fixture) {
			plain, branch := s.chart, s.branch
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install", ""))
			s.as(branch, "api")
			s.berth("deploy").exit(0)
			hooks := s.chart
			s.chart = plain
			s.chartWith("templates/data.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: data}\ndata: {of: web}\n")
			s.as(branch, "web")
			before := s.version("data")
			s.berth("deploy").exit(27).says("ConfigMap/data", "belongs to release "+s.namespace+"/api")
			s.berth("deploy", "--adopt=ConfigMap/*").exit(27).says("ConfigMap/data belongs to release " + s.namespace + "/api")
			s.berth("deploy", "--adopt=all").exit(27).says("ConfigMap/data belongs to release " + s.namespace + "/api")
			if now := s.version("data"); now != before {
				s.t.Errorf("it was %s and is %s", before, now)
			}
			web := s.chart
			s.chart = hooks
			s.as(branch, "api")
			s.berth("teardown").exit(0)
			s.chart = web
			s.as(branch, "web")
			s.berth("deploy", "--adopt=ConfigMap/data").exit(0).warned("Release repaired")
			s.has(configMap("data"), "data.of", `"web"`)
			s.berth("teardown").exit(0)
		}},
	{ID: "S31", Setup: "records deleted, and one of the objects kept or a GitOps controller's by now",
		Action: "deploy, each; deploy with adopt naming it; teardown",
		End:    "untouched; then adopted; the object stays", Exit: "27, 27, 0 + warning, 0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			uid := s.configMapNamed("web").UID
			s.loseRecords(s.release)
			for change, says := range map[string]string{
				`{"metadata":{"annotations":{"helm.sh/resource-policy":"keep","argocd.argoproj.io/tracking-id":null}}}`:   "kept on purpose",
				`{"metadata":{"annotations":{"helm.sh/resource-policy":null,"argocd.argoproj.io/tracking-id":"apps:b"}}}`: "GitOps",
			} {
				s.patch("kubectl", object{"v1", "configmaps", "web"}, change)
				before := s.stateOf(s.namespace)
				s.berth("deploy", "--set", "greeting=bye").exit(27).says("ConfigMap/web", says, "adopt")
				s.sameState(before, s.stateOf(s.namespace))
			}
			s.berth("deploy", "--adopt=ConfigMap/web", "--set", "greeting=bye").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.berth("teardown").exit(0).warned("Left in place").says("ConfigMap/web")
			if live := s.configMapNamed("web"); live == nil || live.UID != uid {
				s.t.Errorf("left is %v", live)
			}
		}},
	{ID: "S32", Setup: "records deleted, an object that its chart keeps",
		Action: "deploy", End: "adopted, pods not restarted", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy", "--set", "resourcePolicy=keep").exit(0)
			pods := s.pods()
			s.loseRecords(s.release)
			s.berth("deploy", "--set", "resourcePolicy=keep").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.samePods(pods)
		}},
	{ID: "S33", Setup: "a namespace and a release in it that Berth did not make",
		Action: "deploy with adopt; deploy with adopt=namespace; teardown",
		End:    "the release is ours, the namespace is not; both are; both gone", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.mustHelm(3, "install", s.release, s.chart)
			s.berth("deploy").exit(27).says("adopt", "teardown deletes")
			s.berth("deploy", "--adopt").exit(0)
			if labels := s.namespaceLabels(s.namespace); labels["app.kubernetes.io/managed-by"] != "" {
				s.t.Errorf("the namespace was adopted: %v", labels)
			}
			s.berth("deploy", "--adopt=namespace").exit(0).says("Namespace adopted")
			s.berth("teardown").exit(0)
			if labels := s.namespaceLabels(s.namespace); labels != nil {
				s.t.Errorf("the namespace is still there: %v", labels)
			}
		}},
	{ID: "S34", Setup: "namespaces of Kubernetes' own",
		Action: "deploy with adopt=namespace to kube-public, with adopt=all to default; deploy with adopt to default, teardown",
		End:    "refused before anything; deployed, the namespace is neither marked nor deleted",
		Exit:   "64, 64, 0, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.release = s.namespace // which nothing else is called
			s.namespace = "kube-public"
			before := s.namespaceLabels("kube-public")
			s.berth("deploy", "--adopt=namespace").exit(64).says("Kubernetes' own")
			s.sameState(fmt.Sprint(before), fmt.Sprint(s.namespaceLabels("kube-public")))
			s.namespace = "default"
			before = s.namespaceLabels("default")
			s.berth("deploy", "--adopt=all").exit(64).says("Kubernetes' own")
			s.berth("deploy", "--adopt").exit(0)
			s.berth("teardown", "--adopt=all").exit(0)
			s.sameState(fmt.Sprint(before), fmt.Sprint(s.namespaceLabels("default")))
		}},
}

// ofNeighbour is the ConfigMap that a neighbour leaves, of the name that the app gives to its
// extra x.
var ofNeighbour = object{"v1", "configmaps", "web-x"}

// takenOnlyByName deploys the app with its extra x, which exists, and fails the row unless
// that is taken over only where adopt names it, and outlives the release.
func (s *fixture) takenOnlyByName(says string) {
	s.t.Helper()
	before, uid := s.stateOf(s.namespace), s.configMapNamed(ofNeighbour.name).UID
	s.berth("deploy", "--set", "extras={x}").exit(27).says("ConfigMap/web-x", says, "adopt", "Teardown leaves them")
	s.sameState(before, s.stateOf(s.namespace))
	s.berth("deploy", "--set", "extras={x}", "--adopt=ConfigMap/web-x").exit(0).warned("Release repaired")
	s.owns(append([]string{"ConfigMap/web-x"}, app...)...)
	s.berth("teardown").exit(0).warned("Left in place").says("ConfigMap/web-x")
	if live := s.configMapNamed(ofNeighbour.name); live == nil || live.UID != uid {
		s.t.Errorf("left is %v", live)
	}
}

// refusedEverywhere runs every verb, those that write with adopt, too, and fails the row
// unless each ends in 27, says this, and leaves the namespaces as they are.
func (s *fixture) refusedEverywhere(namespaces []string, says ...string) {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig() // who may reach the other namespace
	before := s.stateOf(namespaces...)
	for _, args := range [][]string{
		{"check"}, {"deploy"}, {"deploy", "--adopt=all", "--set", "greeting=bye"}, {"repair"},
		{"repair", "--adopt=all", "--on-stuck", "uninstall"}, {"teardown"}, {"teardown", "--adopt=all"},
	} {
		s.berth(args[0], args[1:]...).exit(27).says(says...)
		s.sameState(before, s.stateOf(namespaces...))
	}
}

// stateOf tells apart two states of the namespaces' objects, records among them. Of
// what controllers write to, what the release asks for counts.
func (s *fixture) stateOf(namespaces ...string) string {
	s.t.Helper()
	s.user() // which is made when it is first needed
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for _, namespace := range namespaces {
		for _, kind := range append(slices.Clone(kinds), schema.GroupVersionResource{Version: "v1", Resource: "secrets"}) {
			list, err := client.Resource(kind).Namespace(namespace).List(s.t.Context(), metav1.ListOptions{})
			if err != nil {
				s.t.Fatal(err)
			}
			for _, o := range list.Items {
				version := o.GetResourceVersion()
				if o.GetGeneration() > 0 {
					version = fmt.Sprint("generation ", o.GetGeneration(), " labels ", o.GetLabels())
				}
				fmt.Fprintln(&b, namespace, o.GetKind(), o.GetName(), o.GetUID(), version, o.GetDeletionTimestamp())
			}
		}
		fmt.Fprintln(&b, namespace, s.namespaceLabels(namespace))
	}
	return b.String()
}

func (s *fixture) sameState(before, after string) {
	s.t.Helper()
	if before != after {
		s.t.Errorf("what was\n%s\nis\n%s", before, after)
	}
}

// elsewhere installs a release of this one's name in another namespace, and returns that.
func (s *fixture) elsewhere() (namespace string) {
	s.t.Helper()
	namespace = s.Namespace(s.t)
	args := []string{"install", s.release, s.chart, "--set", "greeting=elsewhere"}
	if out, errs, code := s.HelmRun(s.t, kubetest.Helm(s.t, 3), s.Kubeconfig(), namespace, args...); code != 0 {
		s.t.Fatalf("helm install in %s: %s%s", namespace, out, errs)
	}
	return namespace
}

// recordOf is the Secret that holds a revision of a release.
func (s *fixture) recordOf(namespace, release string, revision int) *corev1.Secret {
	s.t.Helper()
	name := fmt.Sprintf("sh.helm.release.v1.%s.v%d", release, revision)
	secret, err := s.Client().CoreV1().Secrets(namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// copyRecord stores the record of a revision of a release of this name under the name of
// another revision in the row's namespace.
func (s *fixture) copyRecord(from string, revision, as int) {
	s.t.Helper()
	record := s.recordOf(from, s.release, revision)
	labels := maps.Clone(record.Labels)
	labels["version"] = fmt.Sprint(as)
	copied := &corev1.Secret{Type: record.Type, Data: record.Data,
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("sh.helm.release.v1.%s.v%d", s.release, as), Labels: labels}}
	if _, err := s.Client().CoreV1().Secrets(s.namespace).Create(s.t.Context(), copied, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// copyToConfigMap is copyRecord for the driver that keeps records in ConfigMaps.
func (s *fixture) copyToConfigMap(from string, revision int) {
	s.t.Helper()
	s.configMapOf(s.recordOf(from, s.release, revision), s.namespace)
}

// moveToConfigMap leaves the release of another namespace as that driver has it.
func (s *fixture) moveToConfigMap(namespace string) {
	s.t.Helper()
	record := s.recordOf(namespace, s.release, 1)
	s.configMapOf(record, namespace)
	if err := s.Client().CoreV1().Secrets(namespace).Delete(s.t.Context(), record.Name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *fixture) configMapOf(record *corev1.Secret, namespace string) {
	s.t.Helper()
	copied := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: record.Name, Labels: record.Labels},
		Data: map[string]string{"release": string(record.Data["release"])}}
	if _, err := s.Client().CoreV1().ConfigMaps(namespace).Create(s.t.Context(), copied, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// dropRecord deletes the record of a revision, as the report of one that was copied says.
func (s *fixture) dropRecord(revision int) {
	s.t.Helper()
	name := s.recordOf(s.namespace, s.release, revision).Name
	if err := s.Client().CoreV1().Secrets(s.namespace).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// nameOf writes a name label on the first record of a release.
func (s *fixture) nameOf(release, label string) {
	s.t.Helper()
	record := s.recordOf(s.namespace, release, 1)
	record.Labels["name"] = label
	if _, err := s.Client().CoreV1().Secrets(s.namespace).Update(s.t.Context(), record, metav1.UpdateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// configMapNamed is a ConfigMap of the namespace, or nil.
func (s *fixture) configMapNamed(name string) *corev1.ConfigMap {
	s.t.Helper()
	found, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// clusterRole makes a ClusterRole that names a release, and has the row's chart have it.
func (s *fixture) clusterRole(namespace, release string) *rbacv1.ClusterRole {
	s.t.Helper()
	name := "reader-" + s.namespace
	s.chartWith("templates/role.yaml", `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: `+name+`}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
`)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		Annotations: map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}}}
	role, err := s.Client().RbacV1().ClusterRoles().Create(s.t.Context(), role, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		err := s.Client().RbacV1().ClusterRoles().Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			s.t.Error(err)
		}
	})
	return role
}

// liveRole is a ClusterRole, or nil.
func (s *fixture) liveRole(name string) *rbacv1.ClusterRole {
	s.t.Helper()
	found, err := s.Client().RbacV1().ClusterRoles().Get(s.t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// namespaceLabels are the labels of a namespace, nil for one that is not there.
func (s *fixture) namespaceLabels(namespace string) map[string]string {
	s.t.Helper()
	found, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return found.Labels
}
