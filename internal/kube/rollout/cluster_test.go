//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/test/kubetest"
)

// TestMain runs more tests at once than there are processors: they mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func waiter(t *testing.T, config *rest.Config, namespace string) *rollout.Waiter {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	discoveryClient, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discoveryClient))
	return &rollout.Waiter{
		Clients: rollout.Clients{Clientset: client, Dynamic: dynamicClient, Mapper: mapper, Namespace: namespace},
	}
}

var (
	web  = facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	seed = facts.Ref{APIVersion: "batch/v1", Kind: "Job", Name: "seed"}
)

func deploy(t *testing.T, cluster *kubetest.Cluster, namespace, behaviour, more string) {
	t.Helper()
	var d appsv1.Deployment
	text := fmt.Sprintf(`{metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, %s
  template: {metadata: {labels: {app: web}, annotations: {sim.berth.dev/behaviour: %s}}, spec: {containers: [{name: app, image: a,
    readinessProbe: {tcpSocket: {port: 80}}}]}}}}`,
		more, behaviour)
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().AppsV1().Deployments(namespace).Create(t.Context(), &d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, cluster *kubetest.Cluster, namespace, behaviour string) {
	t.Helper()
	none := int32(0)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "seed"},
		Spec: batchv1.JobSpec{BackoffLimit: &none, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"sim.berth.dev/behaviour": behaviour}},
			Spec:       corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "seed", Image: "a"}}},
		}}}
	if _, err := cluster.Client().BatchV1().Jobs(namespace).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func wait(t *testing.T, w *rollout.Waiter, d time.Duration, refs ...facts.Ref) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return w.WaitForReady(ctx, rollout.ByName(refs))
}

func TestWaitUntilReady(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deploy(t, cluster, namespace, "slow", "")
	run(t, cluster, namespace, "complete")
	w := waiter(t, cluster.Config(), namespace)
	w.WaitForJobs = true
	if err := wait(t, w, time.Minute, web, seed); err != nil {
		t.Error(err)
	}
}

func TestWaitExplains(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		behaviour, more, want string
		timeout               bool
	}{
		"an image":        {"image-pull", "", "ImagePull", true},
		"a crash loop":    {"crash-loop", "", "container app: ", true},
		"out of memory":   {"oom-killed", "", "OOMKilled", true},
		"past a deadline": {"image-pull", "progressDeadlineSeconds: 1,", "Progress deadline exceeded", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := kubetest.Connect(t)
			namespace := cluster.Namespace(t)
			deploy(t, cluster, namespace, tt.behaviour, tt.more)
			limit := 5 * time.Second
			if !tt.timeout {
				limit = time.Minute
			}
			err := wait(t, waiter(t, cluster.Config(), namespace), limit, web)
			var unready *rollout.NotReadyError
			if !errors.As(err, &unready) || len(unready.Objects) != 1 || !strings.Contains(unready.Objects[0].Reason, tt.want) {
				t.Fatalf("wait: %v", err)
			}
			if errors.Is(err, context.DeadlineExceeded) != tt.timeout || unready.Objects[0].Failed == tt.timeout {
				t.Errorf("timeout %t: %v", tt.timeout, err)
			}
		})
	}
}

func TestWaitFailsWithTheJob(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	run(t, cluster, namespace, "fail")
	w := waiter(t, cluster.Config(), namespace)
	w.WaitForJobs = true
	err := wait(t, w, time.Minute, seed)
	var unready *rollout.NotReadyError
	if !errors.As(err, &unready) || unready.Cause != nil || !unready.Objects[0].Failed {
		t.Errorf("wait: %v", err)
	}
}

func TestWaitForWhatIsAbsentOrDenied(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	err := wait(t, waiter(t, cluster.Config(), namespace), time.Second, web)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("absent: %v", err)
	}
	poor := cluster.ServiceAccount(t, namespace, "poor")
	if err := wait(t, waiter(t, poor.Config, namespace), time.Minute, web); !apierrors.IsForbidden(errors.Unwrap(err)) {
		t.Errorf("denied: %v", err)
	}
}
