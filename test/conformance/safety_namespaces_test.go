//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// sharedNamespaces are the rows about namespaces that hold more than one branch's release.
var sharedNamespaces = []row{
	{ID: "S40", Setup: "a namespace of a fixed name that Berth made for a branch, with what people put there",
		Action: "teardown of a branch that was never deployed", End: "the namespace, with all that is in it", Exit: "0", run: func(s *fixture) {
			s.asAdmin()
			s.as("one", "web-one")
			s.berth("deploy").exit(0)
			s.put("kubectl-create", byHand...)
			records, people := s.recordVersions(), s.uids(byHand...)
			s.as("never", "web-never")
			s.berth("teardown").exit(0).says("stays", "another branch")
			s.as("one", "web-one")
			s.unchanged(records)
			s.stillThere(people, byHand...)
		}},
	{ID: "S41", Setup: "a namespace of a fixed name to which two branches have deployed",
		Action: "teardown of the first, then of the last", End: "the other branch's release; the namespace, for good", Exit: "0, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.as("one", "web-one")
			s.berth("deploy").exit(0)
			s.as("two", "web-two")
			s.berth("deploy").exit(0).says("Namespace shared")
			records := s.recordVersions()
			s.as("one", "web-one")
			s.berth("teardown").exit(0).says("the namespace stays")
			s.stored("nothing")
			s.as("two", "web-two")
			s.unchanged(records)
			s.berth("teardown").exit(0).says("the namespace stays")
			s.namespaceStays()
		}},
	{ID: "S58", Setup: "two apps of one branch in its own namespace", Action: "teardown of the first with delete-foreign, then of the second",
		End: "the second app and the namespace; then both are gone", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			branch := s.branch
			s.as(branch, "api")
			s.berth("deploy").exit(0)
			s.as(branch, "web")
			s.berth("deploy").exit(0)
			records := s.recordVersions()
			s.as(branch, "api")
			s.berth("teardown", "--delete-foreign").exit(0).says("the namespace stays", "another app in it, web")
			s.as(branch, "web")
			s.unchanged(records)
			s.owns(app...)
			s.berth("teardown").exit(0)
			s.namespaceGone()
		}},
	{ID: "S42", Setup: "a release of another branch in a namespace of a fixed name, by the same name",
		Action: "check, repair, deploy and teardown", End: "the release, and whose namespace it is", Exit: "27, 27, 27, 27",
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			records, branch := s.recordVersions(), s.branch
			s.branch = "feature/other"
			s.berth("check").exit(27).says(`was written for branch "feature/login"`)
			s.berth("repair").exit(27)
			s.berth("deploy").exit(27)
			s.berth("teardown").exit(27)
			s.unchanged(records)
			s.owns(app...)
			if _, shared := s.ns().Annotations[ownership.AnnotationShared]; shared {
				s.t.Error("a deploy that was refused made the namespace a shared one")
			}
			s.branch = branch
		}},
	{ID: "S42b", Setup: "the same, and its last record names no branch, since it was upgraded without Berth",
		Action: "check and teardown", End: "the release", Exit: "27, 27", run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.mustHelm(3, "upgrade", s.release, s.chart)
			s.change(2, func(record *corev1.Secret) { delete(record.Labels, ownership.LabelIdentity) })
			records := s.recordVersions()
			s.branch = "feature/other"
			s.berth("check").exit(27)
			s.berth("teardown").exit(27)
			s.unchanged(records)
			s.owns(app...)
		}},
	{ID: "S42c", Setup: "a release by Helm, of the branch's name, in a shared namespace: two revisions say deployed, a label is gone, or the last is pending",
		Action: "repair, each time, also with on-stuck rollback and uninstall; then with adopt", End: "its records, until adopt says so",
		Exit: "27, 27, 27, 27, 0 + warning", run: func(s *fixture) {
			s.mustHelm(3, "install", s.release, s.chart, "--wait")
			s.mustHelm(3, "upgrade", s.release, s.chart, "--wait")
			refused := func(flags ...string) {
				s.t.Helper()
				records := s.recordVersions()
				s.berth("repair", append(flags, "--assume-dead-after", "1s")...).exit(27).
					says("nothing shows that Berth deployed it", "adopt to repair it")
				s.unchanged(records)
			}
			s.setStatus(1, "deployed", "deployed")
			refused()
			s.strip(2)
			refused()
			s.change(2, func(record *corev1.Secret) { record.Labels["name"] = s.release })
			s.setStatus(2, "pending-upgrade", "pending-upgrade")
			for _, choice := range []string{"rollback", "uninstall"} {
				refused("--on-stuck", choice)
			}
			s.setStatus(2, "deployed", "deployed")
			s.berth("repair", "--adopt").exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "S42d", Setup: "a deploy was killed after it made the namespace, and before it noted on it that it did", Action: "deploy, teardown",
		End: "noted, and the namespace is gone", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			direct := s.kubeconfig
			s.killBefore(s.proxy(), faultproxy.Match{Verb: "patch", Resource: "namespaces", Name: s.namespace}, "deploy")
			s.kubeconfig = direct
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S43", Setup: "a release of somebody else in the branch's own namespace, with its records in ConfigMaps",
		Action: "teardown", End: "the other release and the namespace", Exit: "27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.installed("configmap")
			s.berth("teardown").exit(27).says("other, stored in configmaps")
			s.installedStill()
		}},
	{ID: "S43b", Setup: "the same, with its records in Secrets, and the branch's in ConfigMaps",
		Action: "teardown", End: "the other release and the namespace", Exit: "27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy").exit(0)
			s.installed("secret")
			s.berth("teardown").exit(27).says("other, stored in secrets")
			s.installedStill()
		}},
	{ID: "S44", Setup: "Deployment, StatefulSet, DaemonSet, Job, claim, Secret and RoleBinding that people made in the branch's own namespace",
		Action: "teardown, then teardown --delete-foreign", End: "each of them, until it is said that they go", Exit: "27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.put("kubectl-client-side-apply", byHand...)
			people := s.uids(byHand...)
			e := s.berth("teardown").exit(27)
			for _, o := range s.parse(byHand...) {
				e.says("kept for " + o.GetKind() + "/" + o.GetName() + ": it was made with kubectl")
			}
			s.stillThere(people, byHand...)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S44b", Setup: "claims that a hook of somebody's release left, that a restore made, and that a client without a name made",
		Action: "teardown, then teardown --delete-foreign", End: "each of them, until it is said that they go", Exit: "27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			hooks := strings.Replace(claimOfSet, "{name: data-db-0}", "{name: hooks, annotations: {helm.sh/hook: pre-install}}", 1)
			restored, nameless := strings.Replace(claimOfSet, "data-db-0", "restored", 1), strings.Replace(claimOfSet, "data-db-0", "nameless", 1)
			s.put("helm", hooks)
			s.put("velero-server", restored)
			s.put("unknown", nameless)
			before := s.uids(hooks, restored, nameless)
			s.berth("teardown").exit(27).says("PersistentVolumeClaim/hooks: a hook made it, and nothing that is stored of this release names it",
				"PersistentVolumeClaim/restored: it was made with velero",
				"PersistentVolumeClaim/nameless: it was made with something that left no name")
			s.stillThere(before, hooks, restored, nameless)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S45", Setup: "what controllers make in the branch's own namespace, and what the release's hooks left there",
		Action: "teardown", End: "nothing: it is no obstacle", Exit: "0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy", "--set", "hooks.post-install.behaviour=complete").exit(0)
			s.put("cert-manager-certificates-issuing", tlsSecret)
			s.put("reflector", secret("reflected", ""))
			s.put("kube-controller-manager", claimOfSet)
			s.patch("kubectl-edit", object{"v1", "persistentvolumeclaims", "data-db-0"}, `{"metadata":{"labels":{"looked": "at"}}}`)
			s.put("capsule-controller", roleBinding)
			s.berth("teardown").exit(0).says("and so is its namespace")
			s.namespaceGone()
		}},
	{ID: "S46", Setup: "what a workflow adds to the branch's own namespace, declared by namespace-owns and by its label",
		Action: "teardown without the input, then with it", End: "what is not declared", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.put("kubectl-create", secret("registry-pull", ""), secret("seeds", `labels: {berth.dev/with-app: "true"}`))
			e := s.berth("teardown").exit(27).says("Secret/registry-pull")
			if e.out.contains("Secret/seeds") {
				s.t.Error("what is declared by its label is an obstacle")
			}
			s.berth("teardown", "--namespace-owns", "Secret/registry-*").exit(0)
			s.namespaceGone()
		}},
	{ID: "S47", Setup: "a namespace that is marked berth.dev/keep, then an object in it that Flux owns",
		Action: "teardown, each", End: "the namespace, with what is in it", Exit: "27, 27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.annotate(`"true"`)
			s.berth("teardown").exit(27).says("it is marked berth.dev/keep")
			s.annotate("null")
			flux := secret("flux", "labels: {kustomize.toolkit.fluxcd.io/name: apps}")
			s.put("kustomize-controller", flux)
			owned := s.uids(flux)
			s.berth("teardown").exit(27).says("Secret/flux: a GitOps controller owns it")
			s.stillThere(owned, flux)
		}},
	{ID: "S48", Setup: "an object that the chart says to keep, in the branch's own namespace",
		Action: "teardown twice, then teardown --delete-kept", End: "the object, until it is said that it goes", Exit: "27, 27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy", "--set", "resourcePolicy=keep").exit(0)
			before := s.version("web")
			s.berth("teardown").exit(27).says("ConfigMap/web", "--delete-kept")
			s.berth("teardown").exit(27).says("ConfigMap/web")
			if after := s.version("web"); after != before {
				s.t.Errorf("the ConfigMap was %s and is %s", before, after)
			}
			s.berth("teardown", "--delete-kept").exit(0)
			s.namespaceGone()
		}},
	{ID: "S49", Setup: "an object that is to be kept by its own annotation, of which the chart says nothing",
		Action: "teardown, then teardown --delete-kept", End: "the object, until it is said that it goes", Exit: "27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.patch("kubectl-annotate", configMap("web"), `{"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}}`)
			before := s.version("web")
			s.berth("teardown").exit(27).says("ConfigMap/web")
			if after := s.version("web"); after != before {
				s.t.Errorf("the ConfigMap was %s and is %s", before, after)
			}
			s.berth("teardown", "--delete-kept").exit(0)
			s.namespaceGone()
		}},
	{ID: "S50", Setup: "objects that are to be kept, by the chart and by their own annotation, in a namespace that stays",
		Action: "teardown", End: "both, and they are named", Exit: "0", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "resourcePolicy=keep", "--set", "extras={more}").exit(0)
			s.patch("kubectl-annotate", configMap("web-more"), `{"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}}`)
			before := s.version("web") + s.version("web-more")
			s.berth("teardown").exit(0).says("Kept on purpose", "ConfigMap/web", "ConfigMap/web-more")
			if after := s.version("web") + s.version("web-more"); after != before {
				s.t.Errorf("they were %s and are %s", before, after)
			}
		}},
	{ID: "S51", Setup: "an object that a chart said to keep and has no more, in the branch's own namespace",
		Action: "teardown, then teardown --delete-kept", End: "the object, until it is said that it goes", Exit: "27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/kept.yaml", keptAtFirst)
			s.berth("deploy", "--set", "greeting=first").exit(0)
			s.berth("deploy").exit(0)
			kept := secret("kept", "")
			was := s.uids(kept)
			s.berth("teardown").exit(27).says("Secret/kept")
			s.stillThere(was, kept)
			s.berth("teardown", "--delete-kept").exit(0)
			s.namespaceGone()
		}},
	{ID: "S52", Setup: "the namespace's DELETE is on its way when another branch deploys there",
		Action: "teardown of the first, deploy of the second", End: "the second's release and the namespace", Exit: "0, 0",
		run: func(s *fixture) {
			s.asAdmin()
			s.as("one", "web-one")
			s.berth("deploy").exit(0)
			admin, p := s.kubeconfig, s.proxy()
			late := s.holdRequest(p, faultproxy.Match{Verb: "delete", Resource: "namespaces"})
			teardown := s.start("teardown")
			late.await(teardown)
			s.kubeconfig = admin
			s.as("two", "web-two")
			s.berth("deploy").exit(0)
			records := s.recordVersions()
			late.release()
			teardown.wait(runLimit).exit(0).says("look again", "stays")
			s.unchanged(records)
			s.namespaceStays()
		}},
	{ID: "S291", Setup: "two apps of one branch; the teardown of the first looks at the namespace when the deploy of the second has noted " +
		"itself there, and has not stored its record",
		Action: "deploy of the second, teardown of the first", End: "the second app and the namespace", Exit: "0, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			admin, branch := s.kubeconfig, s.branch
			s.as(branch, "api")
			s.berth("deploy").exit(0)
			s.as(branch, "web")
			stores := s.holdRequest(s.proxy(), creationOf("secrets", "sh.helm.release.v1.web.v1"))
			deploy := s.start("deploy")
			stores.await(deploy)
			s.kubeconfig = admin
			s.as(branch, "api")
			late := s.holdRequest(s.proxy(), faultproxy.Match{Verb: "delete", Resource: "namespaces"})
			teardown := s.start("teardown")
			late.await(teardown)
			stores.release()
			deploy.wait(runLimit).exit(0)
			s.as(branch, "web")
			records := s.recordVersions()
			late.release()
			teardown.wait(runLimit).exit(0).says("look again", "another app in it, web")
			s.unchanged(records)
			s.owns(app...)
		}},
	{ID: "S53", Setup: "a claim of the release, with a volume whose reclaim policy is Retain",
		Action: "teardown", End: "the volume; what becomes of it is told before", Exit: "0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.volume(corev1.PersistentVolumeReclaimRetain)
			s.chartWith("templates/claim.yaml", claimOfVolume)
			s.berth("deploy").exit(0)
			out := s.berth("teardown").exit(0).out.String()
			told := strings.Index(out, "the reclaim policy of volume "+s.namespace+" is Retain")
			uninstalled := strings.Index(out, "Uninstall the release")
			if told < 0 || told > uninstalled {
				s.t.Error("what becomes of the volume is not told before the release goes")
			}
			if _, err := s.Client().CoreV1().PersistentVolumes().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); err != nil {
				s.t.Errorf("the volume: %v", err)
			}
		}},
	{ID: "S54", Setup: "the namespace default, to be adopted, and one of Kubernetes' names that is not there",
		Action: "deploy --adopt, teardown; deploy", End: "the namespace default, without a mark; no namespace is made", Exit: "0, 0, 64",
		Gone: true, run: func(s *fixture) {
			s.release, s.kubeconfig = s.namespace, s.Kubeconfig()
			s.namespace = "default"
			s.berth("deploy", "--adopt").exit(0)
			s.berth("teardown").exit(0).says("the namespace stays")
			s.namespaceStays()
			for key := range s.ns().Labels {
				if strings.HasPrefix(key, ownership.Prefix) || key == ownership.LabelManagedBy {
					s.t.Errorf("the namespace default is labelled %s", key)
				}
			}
			s.namespace = "kube-" + s.release
			s.berth("deploy").exit(wrongInput)
			s.namespaceGone()
			s.namespace = "default"
		}},
	{ID: "S55", Setup: "a user who may not list RoleBindings",
		Action: "teardown", End: "nothing; that they were not looked at is told", Exit: "0", Gone: true, run: func(s *fixture) {
			s.deployerOfNamespaces("get", "create", "patch", "delete")
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0).says("Not looked at", "rolebindings.rbac.authorization.k8s.io")
			s.namespaceGone()
		}},
	{ID: "S56", Setup: "a namespace that Berth made for another branch, and a user who may not mark namespaces",
		Action: "deploy of the second branch", End: "all that is in it, and whose namespace it is", Exit: "20", run: func(s *fixture) {
			s.asAdmin()
			s.as("one", "web-one")
			s.berth("deploy").exit(0)
			records, namespace := s.recordVersions(), s.ns().ResourceVersion
			s.deployerWith(s.SecretRules(), s.LeaseRules())
			s.as("two", "web-two")
			s.berth("deploy").exit(20).lacks("patch namespaces")
			s.stored("nothing")
			s.owns()
			s.as("one", "web-one")
			s.unchanged(records)
			if now := s.ns().ResourceVersion; now != namespace {
				s.t.Errorf("the namespace was %s and is %s", namespace, now)
			}
		}},
	{ID: "S57", Setup: "a namespace of a fixed name that an older Berth made, which noted nobody who deployed there",
		Action: "teardown", End: "the namespace: who else has deployed there is not known", Exit: "0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.patchNamespace(`{"metadata":{"annotations":{"` + ownership.AnnotationDeployedBy + `":null}}}`)
			s.berth("teardown").exit(0).says("stays", "it cannot be told")
			s.namespaceStays()
		}},
}

// byHand are objects that people make.
var byHand = []string{
	workload("Deployment", "tool"), workload("StatefulSet", "store"), workload("DaemonSet", "agent"), `
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: a, image: "registry.example/app:1.0"}]}}}
`, `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: dump}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
`, secret("password", ""), roleBinding,
}

// workload has no pods, so that nothing of it changes by itself.
func workload(kind, name string) string {
	replicas := "replicas: 0"
	switch kind {
	case "StatefulSet":
		replicas += ", serviceName: none"
	case "DaemonSet":
		replicas = ""
	}
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: %s
metadata: {name: %s}
spec:
  %s
  selector: {matchLabels: {by: hand-%[2]s}}
  template:
    metadata: {labels: {by: hand-%[2]s}}
    spec: {nodeSelector: {none: such-node}, containers: [{name: a, image: "registry.example/app:1.0"}]}
`, kind, name, strings.ReplaceAll(replicas, ", ", "\n  "))
}

func secret(name, meta string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  %s\nstringData: {a: b}\n", name, meta)
}

const roleBinding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
`

const tlsSecret = `
apiVersion: v1
kind: Secret
metadata: {name: certificate}
type: kubernetes.io/tls
stringData: {tls.crt: "", tls.key: ""}
`

// claimOfSet is what the controller of StatefulSets makes, and nothing deletes with these.
const claimOfSet = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-db-0}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
`

const keptAtFirst = `
{{- if eq .Values.greeting "first" }}
apiVersion: v1
kind: Secret
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
stringData: {a: b}
{{- end }}
`

const claimOfVolume = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  volumeName: {{ .Release.Namespace }}
  resources: {requests: {storage: 1Gi}}
`

func configMap(name string) object { return object{"v1", "configmaps", name} }

// as makes the runs that follow those of a branch, with a release of this name.
func (s *fixture) as(branch, release string) { s.branch, s.release = branch, release }

// deployerOfNamespaces has Berth run as a user who may deploy the chart's objects in any
// namespace and make these, in a namespace that it has to create. verbs are what it may do to namespaces.
func (s *fixture) deployerOfNamespaces(verbs ...string) {
	s.t.Helper()
	namespaces := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: verbs}}
	account := s.ServiceAccount(s.t, s.namespace, "deployer")
	account.GrantCluster(s.t, slices.Concat(s.DeployerRules(), s.SecretRules(), s.LeaseRules(), namespaces)...)
	s.namespace, s.kubeconfig = s.Name(s.t, "review"), account.Kubeconfig
}

// manifestObject is an object of a text, and where it is in the cluster.
type manifestObject struct {
	*unstructured.Unstructured
	place object
}

// parse returns the objects that texts describe.
func (s *fixture) parse(texts ...string) []manifestObject {
	s.t.Helper()
	var all []manifestObject
	for _, text := range texts {
		found, err := manifest.Parse(text)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, o := range found {
			all = append(all, manifestObject{o, object{o.GetAPIVersion(), strings.ToLower(o.GetKind()) + "s", o.GetName()}})
		}
	}
	return all
}

// put makes objects in the row's namespace, as this field manager.
func (s *fixture) put(manager string, texts ...string) {
	s.t.Helper()
	for _, o := range s.parse(texts...) {
		if _, err := s.client(o.place).Create(s.t.Context(), o.Unstructured, metav1.CreateOptions{FieldManager: manager}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// uids tells apart objects from others that were made in their place.
func (s *fixture) uids(texts ...string) string {
	s.t.Helper()
	var all []string
	for _, o := range s.parse(texts...) {
		live := s.read(o.place)
		if live.GetDeletionTimestamp() != nil {
			s.t.Errorf("%s/%s is being deleted", o.GetKind(), o.GetName())
		}
		all = append(all, string(live.GetUID()))
	}
	return strings.Join(all, " ")
}

// stillThere fails the row unless the objects are those of before.
func (s *fixture) stillThere(before string, texts ...string) {
	s.t.Helper()
	if after := s.uids(texts...); after != before {
		s.t.Errorf("the objects were %s and are %s", before, after)
	}
	s.namespaceStays()
}

func (s *fixture) ns() *corev1.Namespace {
	s.t.Helper()
	ns, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return ns
}

func (s *fixture) namespaceStays() {
	s.t.Helper()
	if s.ns().DeletionTimestamp != nil {
		s.t.Error("the namespace is being deleted")
	}
}

func (s *fixture) namespaceGone() {
	s.t.Helper()
	if _, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		s.t.Errorf("the namespace is there: %v", err)
	}
}

func (s *fixture) patchNamespace(change string) {
	s.t.Helper()
	_, err := s.Client().CoreV1().Namespaces().Patch(s.t.Context(), s.namespace, types.MergePatchType, []byte(change), metav1.PatchOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// annotate sets the namespace's mark that it is to be kept.
func (s *fixture) annotate(value string) {
	s.t.Helper()
	s.patchNamespace(`{"metadata":{"annotations":{"` + ownership.AnnotationKeep + `":` + value + `}}}`)
}

// installed has Helm install a release of somebody else's, with the storage driver.
func (s *fixture) installed(driver string) {
	s.t.Helper()
	helm := []string{"HELM_DRIVER=" + driver, kubetest.Helm(s.t, 3), "install", "other", s.chart}
	out, errs, code := s.HelmRun(s.t, "env", s.Kubeconfig(), s.namespace, helm...)
	if code != 0 {
		s.t.Fatalf("helm install: %s%s", out, errs)
	}
}

// installedStill fails the row unless that release's objects are there.
func (s *fixture) installedStill() {
	s.t.Helper()
	s.namespaceStays()
	mine := s.release
	s.release = "other"
	s.owns("ConfigMap/other", "Deployment/other", "Service/other")
	s.release = mine
}

// volume makes a volume for the claim data, named after the row's namespace.
func (s *fixture) volume(policy corev1.PersistentVolumeReclaimPolicy) {
	s.t.Helper()
	volumes := s.Client().CoreV1().PersistentVolumes()
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: policy,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/none"}},
			ClaimRef:                      &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: s.namespace, Name: "data"},
		},
	}
	if _, err := volumes.Create(s.t.Context(), volume, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = volumes.Delete(context.WithoutCancel(s.t.Context()), volume.Name, metav1.DeleteOptions{}) })
}
