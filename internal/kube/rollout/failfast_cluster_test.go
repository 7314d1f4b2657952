//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

// failFastWaiter returns a waiter with FailFast.
func failFastWaiter(t *testing.T, cluster *kubetest.Cluster, namespace string) *rollout.Waiter {
	t.Helper()
	w := waiter(t, cluster.Config(), namespace)
	w.FailFast = true
	return w
}

// requireFailure fails the test unless the wait ended before its timeout, with all of
// the texts in its error, and with diagnostics.
func requireFailure(t *testing.T, err error, says ...string) *result.Diagnostics {
	t.Helper()
	var unready *rollout.NotReadyError
	if !errors.As(err, &unready) || unready.Cause != nil || !unready.Objects[0].Failed {
		t.Fatalf("wait: %v", err)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("it does not say %q: %v", text, err)
		}
	}
	d := result.DiagnosticsOf(err)
	if d == nil || d.Reason == "" || len(d.Symptoms) == 0 {
		t.Fatalf("diagnostics %+v", d)
	}
	return d
}

// A Job that failed ends the wait, and so does one whose pods cannot start.
func TestFinishFailsFast(t *testing.T) {
	t.Parallel()
	for behaviour, says := range map[string]string{"image-pull": "ErrImagePull", "fail": "exit code 1"} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			cluster := kubetest.Connect(t)
			namespace := cluster.Namespace(t)
			run(t, cluster, namespace, behaviour)
			_, err := finish(t, failFastWaiter(t, cluster, namespace), time.Minute, seed)
			var unfinished *rollout.IncompleteError
			if !errors.As(err, &unfinished) || unfinished.Cause != nil ||
				!strings.Contains(strings.ReplaceAll(err.Error(), "ImagePullBackOff", "ErrImagePull"), says) {
				t.Errorf("finish: %v", err)
			}
			if d := result.DiagnosticsOf(err); d == nil || len(d.Symptoms) != 1 || (behaviour == "fail") != (len(d.Symptoms[0].Logs) > 0) {
				t.Errorf("diagnostics %+v", d)
			}
		})
	}
}

// noPods makes a quota of zero pods, and returns it once it is in effect.
func noPods(t *testing.T, cluster *kubetest.Cluster, namespace string) *corev1.ResourceQuota {
	t.Helper()
	quotas := cluster.Client().CoreV1().ResourceQuotas(namespace)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "small"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}}
	if _, err := quotas.Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		q, err := quotas.Get(t.Context(), "small", metav1.GetOptions{})
		return err == nil && q.Status.Hard != nil, fmt.Sprint("the quota is not in effect: ", err)
	})
	return quota
}

func TestWaitFailsFastOnAQuota(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	noPods(t, cluster, namespace)
	deploy(t, cluster, namespace, "ready", "")
	stateful(t, cluster, namespace, "db")
	db := facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"}
	for _, ref := range []facts.Ref{web, db} {
		t.Run(ref.Kind, func(t *testing.T) {
			d := requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, ref), "exceeded quota: small")
			if d.Symptoms[0].Kind != ref.Kind {
				t.Errorf("diagnostics %+v", d)
			}
		})
	}
}

// A deploy that changes nothing of an object is not failed by the refusal that an
// earlier deploy ran into: the quota may have been raised since, and the controller not
// have tried again.
func TestWaitIgnoresAQuotaOfThePast(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	quota := noPods(t, cluster, namespace)
	deploy(t, cluster, namespace, "ready", "")
	requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web), "exceeded quota: small")
	web := applied(t, cluster, namespace, "web")
	await := func(d time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		return failFastWaiter(t, cluster, namespace).WaitForReady(ctx, manifest.Objects{web})
	}
	var unready *rollout.NotReadyError
	if err := await(4 * time.Second); !errors.As(err, &unready) || unready.Cause == nil || !strings.Contains(err.Error(), "exceeded quota") {
		t.Fatalf("the refusal before: %v", err)
	}
	quota.Spec.Hard[corev1.ResourcePods] = resource.MustParse("9")
	if _, err := cluster.Client().CoreV1().ResourceQuotas(namespace).Update(t.Context(), quota, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := await(time.Minute); err != nil {
		t.Errorf("once the quota is raised: %v", err)
	}
}

// Faults of the pods of an earlier revision do not fail the present one, neither
// while it starts nor when it is ready and they are still there.
func TestWaitIgnoresOldPods(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deploy(t, cluster, namespace, "crash-loop", "")
	requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web))
	deployments := cluster.Client().AppsV1().Deployments(namespace)
	d, err := deployments.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Spec.Template.Annotations["sim.berth.dev/behaviour"] = "slow"
	d.Spec.Template.Annotations["sim.berth.dev/delay"] = "8s"
	if _, err := deployments.Update(t.Context(), d, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web); err != nil {
		t.Error(err)
	}
}

// A slow start fails nothing, and neither do pods and events that may not be read.
func TestWaitIsPatient(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deploy(t, cluster, namespace, "slow", "")
	stateful(t, cluster, namespace, "db")
	blind := cluster.ServiceAccount(t, namespace, "blind", rbacv1.PolicyRule{
		APIGroups: []string{"apps"}, Resources: []string{"deployments", "statefulsets"}, Verbs: []string{"get", "watch"}})
	w := waiter(t, blind.Config, namespace)
	w.FailFast = true
	if err := wait(t, w, time.Minute, web, facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"}); err != nil {
		t.Error(err)
	}
	missing := facts.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: "missing"}
	if err := wait(t, failFastWaiter(t, cluster, namespace), 2*time.Second, web, missing); err == nil ||
		!strings.Contains(err.Error(), "ConfigMap/missing: it does not exist") {
		t.Errorf("absent: %v", err)
	}
}

// In a shared namespace only the release's own objects are watched, and none listed.
func TestWaitWatchesItsOwn(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	proxy := proxied(t, cluster)
	deploy(t, cluster, namespace, "image-pull", "")
	stateful(t, cluster, namespace, "db")
	w := waiter(t, proxy.Config(t, tokenOf(t, cluster, namespace)), namespace)
	w.FailFast = true
	requireFailure(t, wait(t, w, time.Minute, web, facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"}))
	var watched []string
	for _, r := range proxy.Log() {
		if r.Verb == "watch" {
			watched = append(watched, r.Resource)
		}
		if r.Verb == "list" && slices.Contains([]string{"deployments", "statefulsets"}, r.Resource) {
			t.Errorf("it lists: %v", r)
		}
	}
	slices.Sort(watched)
	if got := slices.Compact(watched); !slices.Contains(got, "deployments") || !slices.Contains(got, "pods") {
		t.Errorf("watched %v", got)
	}
}

// Pods that Pod Security refused in an earlier revision do not fail the present one,
// although the Deployment still reports ReplicaFailure.
func TestWaitFailsFastOnPodSecurity(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	patch := []byte(`{"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}`)
	if _, err := cluster.Client().CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, patch,
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	var d appsv1.Deployment
	text := `{metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {hostNetwork: true,
  containers: [{name: app, image: a, readinessProbe: {tcpSocket: {port: 80}}}]}}}}`
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	deployments := cluster.Client().AppsV1().Deployments(namespace)
	if _, err := deployments.Create(t.Context(), &d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	requireFailure(t, wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web), "violates PodSecurity")
	mend := []byte(`{"spec": {"template": {"metadata": {"annotations": {"sim.berth.dev/behaviour": "slow", "sim.berth.dev/delay": "6s"}}, "spec": {"hostNetwork": null}}}}`)
	if _, err := deployments.Patch(t.Context(), "web", types.MergePatchType, mend, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web); err != nil {
		t.Error(err)
	}
}

// Without the right to watch, the wait lists; without that to list, it reads each
// object.
func TestWaitByPolling(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, verbs := range map[string][]string{"lists": {"get", "list"}, "reads": {"get"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			deploy(t, cluster, namespace, "slow", "")
			account := cluster.ServiceAccount(t, namespace, "poller",
				rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: verbs})
			w := waiter(t, account.Config, namespace)
			w.FailFast = true
			if err := wait(t, w, time.Minute, web); err != nil {
				t.Error(err)
			}
		})
	}
}
