//go:build cluster

package rollout_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/test/kubetest"
)

// behaving returns a pod template with a behaviour of the simulated node. more is
// added to its annotations, and spec to its specification.
func behaving(behaviour, more, spec string) string {
	return fmt.Sprintf(`{metadata: {labels: {app: web}, annotations: {sim.berth.dev/behaviour: %s%s}},
  spec: {containers: [{name: app, image: a, readinessProbe: {tcpSocket: {port: 80}}}]%s}}`, behaviour, more, spec)
}

// deployment creates the Deployment web with a pod template.
func deployment(t *testing.T, cluster *kubetest.Cluster, namespace, template string) {
	t.Helper()
	var d appsv1.Deployment
	if err := yaml.Unmarshal([]byte(`{metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: `+template+`}}`),
		&d); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().AppsV1().Deployments(namespace).Create(t.Context(), &d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// shortGrace replaces health.defaultGrace.
const shortGrace = 2 * time.Second

// Each failure that the simulated node or the control plane can produce ends the
// wait long before its timeout, with a reason. least is how long a transient fault
// has to be given.
func TestEveryFailureGivesItsReason(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	const busy = 10 * time.Second // a busy machine's share
	for name, c := range map[string]struct {
		template    string
		least, most time.Duration
		says        []string
		event       string // of the pod; empty: the verdict may be sooner
		log         string
	}{
		"an image that is missing": {behaving("image-pull", "", ""), 0, 5 * time.Second, []string{"container app: ", "ImagePull", "not found"},
			"", ""},
		"an image without a name": {behaving("invalid-image", "", ""), 0, 2 * time.Second,
			[]string{"container app: InvalidImageName: ", "couldn't parse image name"}, "", ""},
		"a registry that fails": {behaving("image-pull", ", sim.berth.dev/message: 503 Service Unavailable", ""), time.Minute, 65 * time.Second,
			[]string{"container app: ", "ErrImagePull: 503 Service Unavailable"}, "Failed", ""},
		"a Secret that is missing": {behaving("config-error", "", ""), 3 * time.Second, 6 * time.Second,
			[]string{`container app: CreateContainerConfigError: secret "credentials" not found`}, "Failed", ""},
		"a key that is missing": {behaving("config-error", ", sim.berth.dev/message: couldn't find key url in Secret n/db", ""),
			3 * time.Second, 6 * time.Second, []string{"CreateContainerConfigError: couldn't find key url in Secret n/db"}, "Failed", ""},
		"a volume's missing Secret": {behaving("failed-mount", "", ""), 3 * time.Second, 7 * time.Second,
			[]string{`FailedMount: MountVolume.SetUp failed for volume "credentials" : secret "credentials" not found`}, "FailedMount", ""},
		"a volume's missing key": {behaving("failed-mount", ", sim.berth.dev/message: 'references non-existent secret key: tls.crt'", ""),
			3 * time.Second, 7 * time.Second, []string{"FailedMount: ", "references non-existent secret key: tls.crt"}, "FailedMount", ""},
		"a container that crashes": {behaving("crash-loop", "", ""), 40 * time.Second, 45 * time.Second,
			[]string{"container app: CrashLoopBackOff", "exit code 1"}, "BackOff", "exit status 2"},
		"a container without memory": {behaving("oom-killed", "", ""), 0, 9 * time.Second,
			[]string{"container app: ", "OOMKilled", "137"}, "", ""},
		"an init container": {behaving("init-crash", "", ", initContainers: [{name: migrate, image: a}]"), 40 * time.Second,
			45 * time.Second, []string{"init container migrate: CrashLoopBackOff", "exit code 1"}, "BackOff", `relation "ships" does not exist`},
		"no node for the pod": {behaving("ready", "", ", nodeSelector: {disk: fast}"), shortGrace, 6 * time.Second,
			[]string{"no node takes it: Unschedulable: 0/1 nodes", "affinity/selector"}, "FailedScheduling", ""},
		"no room for the pod": {strings.Replace(behaving("ready", "", ""), "image: a,", "image: a, resources: {requests: {cpu: 5k}},", 1),
			2 * shortGrace, 8 * time.Second, []string{"no node takes it: Unschedulable", "Insufficient cpu"}, "FailedScheduling", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			w := failFastWaiter(t, cluster, namespace)
			w.SetGrace(shortGrace)
			began := time.Now()
			deployment(t, cluster, namespace, c.template)
			d := requireFailure(t, wait(t, w, 2*time.Minute, web), append(c.says, "pod web-")...)
			if took := time.Since(began); took < c.least || took > c.most+busy {
				t.Errorf("it took %s, want %s to %s", took, c.least, c.most)
			}
			s := d.Symptoms[0]
			if text := fmt.Sprint(s.Events); s.Kind != "Pod" || !strings.Contains(text, c.event) {
				t.Errorf("symptom %+v has no event %s", s, c.event)
			}
			if text := fmt.Sprint(s.Logs); !strings.Contains(text, c.log) {
				t.Errorf("the logs %s have no %q", text, c.log)
			}
		})
	}
}

// Where the API server refuses the pods, the reason is that of their owner.
func TestRefusedPodsGiveTheirReason(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, c := range map[string]struct {
		prepare  func(t *testing.T, namespace string)
		template string
		says     []string
	}{
		"Pod Security": {func(t *testing.T, namespace string) {
			label(t, cluster, namespace, "pod-security.kubernetes.io/enforce", "restricted")
		}, behaving("ready", "", ""), []string{`violates PodSecurity "restricted:latest"`, "allowPrivilegeEscalation"}},
		"an admission policy": {func(t *testing.T, namespace string) {
			policy(t, cluster, namespace)
		}, behaving("ready", "", ""), []string{"ValidatingAdmissionPolicy", "no pods on a Friday"}},
		"an account that is missing": {func(*testing.T, string) {}, behaving("ready", "", ", serviceAccountName: deployer"),
			[]string{`serviceaccount "deployer" not found`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			c.prepare(t, namespace)
			began := time.Now()
			deployment(t, cluster, namespace, c.template)
			d := requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web),
				append(c.says, "Deployment/web: FailedCreate: ")...)
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
			if d.Symptoms[0].Kind != "Deployment" {
				t.Errorf("symptom %+v", d.Symptoms[0])
			}
		})
	}
}

// A claim without a volume gives the reason, also one of a StatefulSet, which is no
// object of the release.
func TestClaimsGiveTheirReason(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, c := range map[string]struct {
		make func(t *testing.T, namespace string) facts.Ref
		says []string
	}{
		"without its class": {func(t *testing.T, namespace string) facts.Ref {
			return claim(t, cluster, namespace, "nowhere")
		}, []string{`PersistentVolumeClaim/data: ProvisioningFailed: storageclass.storage.k8s.io "nowhere" not found`}},
		"without any class": {func(t *testing.T, namespace string) facts.Ref {
			return claim(t, cluster, namespace, "")
		}, []string{"FailedBinding: no persistent volumes available for this claim and no storage class is set"}},
		"of a StatefulSet": {func(t *testing.T, namespace string) facts.Ref {
			return storing(t, cluster, namespace, "nowhere")
		}, []string{"StatefulSet/db: pod db-0: ProvisioningFailed: claim data-db-0: ", `"nowhere" not found`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			ref := c.make(t, namespace)
			began := time.Now()
			requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, ref), c.says...)
			if took := time.Since(began); took < 9*time.Second || took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
