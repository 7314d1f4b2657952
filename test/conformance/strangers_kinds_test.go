//go:build conformance

package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// stranger is an object that is somebody else's. NS in its text stands for the
// release's namespace, OTHER for another one, GROUP for that of a kind that the row
// defines.
type stranger struct {
	what    string // for people
	text    string
	owned   string // by an object of the same stranger: "", "owner" or "controller"
	from    int    // the step before which it is made
	needed  bool   // without it, others may lawfully be taken: a case that is shrunk has it, too
	instead bool   // in the place of what bears its name
	taken   string // it is the release's, until this is merged into it
}

// body is what an object of a kind has beside its metadata. Nothing of it runs, so that
// no controller changes it. NAME stands for its name.
type body struct {
	apiVersion, kind, rest string
	chart                  bool // the app has one that is called like the release
	cluster                bool // it is the whole cluster's
}

// What is beside an object's metadata where it has pods, of which none is ever made or
// runs; and the selector of these.
const (
	idle    = "metadata: {labels: {theirs: NAME}}, spec: {" + nowhere
	nowhere = "nodeSelector: {no: node}, containers: [{name: a, image: 'registry.example/app:1.0'}]"
	their   = "selector: {matchLabels: {theirs: NAME}}, template: {" + idle + "}}}"
)

var bodies = []body{
	{apiVersion: "v1", kind: "ConfigMap", rest: "data: {greeting: theirs}", chart: true},
	{apiVersion: "v1", kind: "Secret", rest: "stringData: {password: theirs}"},
	{apiVersion: "v1", kind: "Secret", rest: "type: example.org/credentials\nstringData: {password: theirs}"},
	{apiVersion: "v1", kind: "Service", rest: "spec: {selector: {app: web}, ports: [{port: 80}]}", chart: true},
	{apiVersion: "v1", kind: "ServiceAccount"},
	{apiVersion: "v1", kind: "PersistentVolumeClaim",
		rest: "spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}"},
	{apiVersion: "v1", kind: "Pod", rest: "spec: {" + nowhere + "}"},
	{apiVersion: "v1", kind: "ResourceQuota", rest: "spec: {hard: {count/cronjobs.batch: 99}}"},
	{apiVersion: "v1", kind: "PodTemplate", rest: "template: {" + idle + "}}"},
	{apiVersion: "v1", kind: "Endpoints", rest: "subsets: [{addresses: [{ip: 10.9.8.7}], ports: [{port: 80}]}]"},
	{apiVersion: "apps/v1", kind: "Deployment", rest: "spec: {replicas: 0, " + their, chart: true},
	{apiVersion: "apps/v1", kind: "StatefulSet", rest: "spec: {replicas: 0, serviceName: none, " + their},
	{apiVersion: "apps/v1", kind: "DaemonSet", rest: "spec: {" + their},
	{apiVersion: "apps/v1", kind: "ReplicaSet", rest: "spec: {replicas: 0, " + their},
	{apiVersion: "apps/v1", kind: "ControllerRevision", rest: "revision: 1\ndata: {a: b}"},
	{apiVersion: "batch/v1", kind: "Job", rest: "spec: {suspend: true, template: {" + idle + ", restartPolicy: Never}}}"},
	{apiVersion: "batch/v1", kind: "CronJob",
		rest: "spec: {suspend: true, schedule: '0 0 1 1 *', jobTemplate: {spec: {template: {" + idle + ", restartPolicy: Never}}}}}"},
	{apiVersion: "networking.k8s.io/v1", kind: "Ingress",
		rest: "spec: {rules: [{host: theirs.example.org, http: {paths: [{path: /, pathType: Prefix, " +
			"backend: {service: {name: web, port: {number: 80}}}}]}}]}"},
	{apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy",
		rest: "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"},
	{apiVersion: "policy/v1", kind: "PodDisruptionBudget", rest: "spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}"},
	{apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler",
		rest: "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: theirs}}"},
	{apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", rest: "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"},
	{apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding",
		rest: "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n" +
			"subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]"},
	{apiVersion: "coordination.k8s.io/v1", kind: "Lease", rest: "spec: {holderIdentity: theirs, leaseDurationSeconds: 30}"},
	{apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", rest: "addressType: IPv4\nendpoints: [{addresses: [10.9.8.7]}]"},
	{apiVersion: "GROUP/v1", kind: "Boat", rest: "spec: {size: 3}"},

	{apiVersion: "v1", kind: "Namespace", cluster: true},
	{apiVersion: "v1", kind: "PersistentVolume", cluster: true,
		rest: "spec: {capacity: {storage: 1Mi}, accessModes: [ReadWriteOnce], storageClassName: theirs, hostPath: {path: /none}}"},
	{apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", rest: "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
		cluster: true},
	{apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", cluster: true,
		rest: "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n" +
			"subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]"},
	{apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", rest: "value: 7", cluster: true},
	{apiVersion: "storage.k8s.io/v1", kind: "StorageClass", rest: "provisioner: example.org/none", cluster: true},
}

// mark is what an object's labels and annotations say of whose it is.
type mark struct {
	what, labels, annotations string
	ours                      bool // it names this very release, though no revision has the object
}

var marks = []mark{
	{what: "by hand"},
	{what: "with the release's labels", labels: "app: web, app.kubernetes.io/instance: web, app.kubernetes.io/managed-by: Helm"},
	{what: "of another release", labels: "app: web, app.kubernetes.io/managed-by: Helm",
		annotations: "meta.helm.sh/release-name: db, meta.helm.sh/release-namespace: NS"},
	{what: "of a release of this name elsewhere", labels: "app: web, app.kubernetes.io/managed-by: Helm",
		annotations: "meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: OTHER"},
	{what: "of another release, kept", labels: "app.kubernetes.io/managed-by: Helm",
		annotations: "meta.helm.sh/release-name: db, meta.helm.sh/release-namespace: NS, helm.sh/resource-policy: keep"},
	{what: "to be kept", labels: "app: web, berth.dev/keep: 'true'"},
	{what: "of Argo CD", labels: "app: web", annotations: "argocd.argoproj.io/tracking-id: 'a:b'"},
	{what: "of Pulumi", labels: "app: web, app.kubernetes.io/managed-by: pulumi"},
	{what: "of another release's hook", labels: "app: web",
		annotations: "helm.sh/hook: 'pre-install,post-upgrade', helm.sh/hook-delete-policy: before-hook-creation, berth.dev/hook-of: NS/db"},
	{what: "of a hook that says no more", labels: "app: web",
		annotations: "helm.sh/hook: 'pre-install,pre-upgrade', helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'"},
	{what: "that names this release, which has none such", labels: "app: web, app.kubernetes.io/managed-by: Helm",
		annotations: "meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: NS", ours: true},
	{what: "that this release took over and has no more", labels: "app: web, app.kubernetes.io/managed-by: Helm",
		annotations: "meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: NS, berth.dev/taken-over-from: NS/db", ours: true},
}

// The names that strangers have: like something of the release's, or like nothing.
var (
	likeNothing = []string{"theirs", "web-theirs", "webapp", "we", "web-2"}
	likeOurs    = []string{
		"web", "web-more", "web-pre-install", "web-post-install", "web-pre-upgrade", "hook-config", "migrate", "db", "data-db", "data-db-7",
		"berth-web-2",
	}
)

// chooses is what a case leaves to its seed.
type chooses struct{ *rand.Rand }

func pick[T any](r chooses, of ...T) T { return of[r.IntN(len(of))] }

func (r chooses) chance(percent int) bool { return r.IntN(100) < percent }

// object is a stranger of a random kind. Those in a namespace that goes do not pretend to
// be the release's.
func (r chooses) object(n int, goes, refusing bool) stranger {
	b, m := pick(r, bodies...), pick(r, marks...)
	for m.ours && (goes || b.cluster) {
		m = pick(r, marks...)
	}
	name := fmt.Sprintf("%s-%d", pick(r, likeNothing...), n)
	if r.chance(50) && !m.ours {
		name = pick(r, likeOurs...)
	}
	collides := b.chart && name == "web" || name == "web-more" && b.kind == "ConfigMap"
	// Kubernetes gives Endpoints to the Service of their name.
	if collides && !refusing || slices.Contains([]string{"Namespace", "Pod", "Endpoints"}, b.kind) {
		name = fmt.Sprintf("web-theirs-%d", n)
	}
	where, s := "NS", stranger{}
	switch {
	case b.cluster:
		where, name = "", name+"-NS"
	case r.chance(15):
		where = "OTHER"
	}
	labels := m.labels
	switch {
	case b.kind == "Pod", b.kind == "ReplicaSet", b.kind == "ControllerRevision":
		// Without a controller, those of the release's labels are the release's by
		// Kubernetes' own rule.
		s.owned = "controller"
	case b.cluster: // they have no owner in a namespace
	case b.kind == "PersistentVolumeClaim" && !strings.Contains(m.annotations, "release-name"):
		labels = "theirs: claim" // else it is like a claim of the release's own StatefulSet
	case r.chance(20):
		s.owned = pick(r, "owner", "controller")
	}
	if b.kind == "PersistentVolumeClaim" && labels != "theirs: claim" {
		labels = strings.Replace(labels, "app: web", "app: db", 1)
	}
	s.what = fmt.Sprintf("%s %s %s", b.kind, name, m.what)
	s.text = render(b, name, where, labels, m.annotations)
	return s
}

func render(b body, name, namespace, labels, annotations string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n  namespace: %q\n  labels: {%s}\n  annotations: {%s}\n%s\n",
		b.apiVersion, b.kind, name, namespace, labels, annotations, strings.ReplaceAll(b.rest, "NAME", name))
}

// record is a record of another release, well or badly kept.
func (r chooses) record(refusing bool) stranger {
	release, where := pick(r, "db", "web-2", "web.v1", "webapp", "we"), "NS"
	if r.chance(25) {
		release, where = pick(r, "web", "db"), "OTHER"
	}
	revision := 1 + r.IntN(3)
	status := pick(r, "deployed", "superseded", "failed", "pending-install", "pending-upgrade", "uninstalling", "uninstalled")
	payload, labels, how := payloadOf(release, where, revision, status), fmt.Sprintf("owner: helm, name: %s, version: %q, status: %s", release,
		fmt.Sprint(revision), status), "well kept"
	switch r.IntN(6) {
	case 0:
		payload, how = unreadable, "unreadable"
	case 1:
		labels, how = "", "without labels"
	case 2:
		labels, how = fmt.Sprintf("owner: helm, name: %s", release), "with few labels"
	case 3:
		if refusing {
			labels, how = strings.Replace(labels, "name: "+release, "name: web", 1), "whose label names the release"
		}
	}
	kind, rest := "Secret", "type: helm.sh/release.v1\nstringData: {release: "+payload+"}"
	if r.chance(25) {
		kind, rest = "ConfigMap", "data: {release: "+payload+"}"
	}
	return recordStranger(kind, release, where, revision, labels, rest, how)
}

func recordStranger(kind, release, where string, revision int, labels, rest, how string) stranger {
	name := fmt.Sprintf("sh.helm.release.v1.%s.v%d", release, revision)
	return stranger{what: fmt.Sprintf("record %s/%s, %s", kind, name, how),
		text: render(body{apiVersion: "v1", kind: kind, rest: rest}, name, where, labels, "")}
}

// other is the record of the release db, whose objects some strangers are.
var other = recordStranger("Secret", "db", "NS", 9, "owner: helm, name: db, version: '9', status: deployed",
	"type: helm.sh/release.v1\nstringData: {release: "+payloadOf("db", "NS", 9, "deployed")+"}", "well kept")

// payloadOf is the payload of a record. Its namespace is written where it is stored:
// what it is called is not known before.
func payloadOf(release, namespace string, revision int, status string) string {
	return fmt.Sprintf("PAYLOAD(%s,%s,%d,%s)", release, namespace, revision, status)
}

// encodePayload is what PAYLOAD(…) stands for.
func encodePayload(release, namespace, revision, status string) string {
	raw, _ := json.Marshal(map[string]any{"name": release, "namespace": namespace, "version": json.Number(revision),
		"info":  map[string]any{"status": status, "first_deployed": "2026-01-02T03:04:05Z", "last_deployed": "2026-01-02T03:04:05Z"},
		"chart": map[string]any{"metadata": map[string]any{"apiVersion": "v2", "name": "app", "version": "0.1.0"}},
		"manifest": "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-more}\n---\napiVersion: v1\nkind: Secret\n" +
			"metadata: {name: web}\n"})
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(raw) // a buffer takes everything
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(zipped.Bytes())
}

// guards are what keeps a namespace that Berth made, and with it everything else there.
func (r chooses) guard() stranger {
	byHand := marks[0]
	secret := bodies[slices.IndexFunc(bodies, func(b body) bool { return b.kind == "Secret" })]
	return pick(r, other, stranger{what: "Secret guard by hand", text: render(secret, "guard", "NS", byHand.labels, byHand.annotations)},
		stranger{what: "ConfigMap guard to be kept", text: render(bodies[0], "guard", "NS", marks[5].labels, "")})
}
