//go:build cluster

package rollout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/test/kubetest"
)

// What the tests of this package make in the cluster.

func label(t *testing.T, cluster *kubetest.Cluster, namespace, key, value string) {
	t.Helper()
	patch := []byte(fmt.Sprintf(`{"metadata": {"labels": {%q: %q}}}`, key, value))
	if _, err := cluster.Client().CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, patch,
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// policy denies all pods of the namespace, and returns when it is in effect.
func policy(t *testing.T, cluster *kubetest.Cluster, namespace string) {
	t.Helper()
	admission := cluster.Client().AdmissionregistrationV1()
	var p admissionv1.ValidatingAdmissionPolicy
	var b admissionv1.ValidatingAdmissionPolicyBinding
	for text, into := range map[string]any{
		fmt.Sprintf(`{metadata: {name: %[1]s}, spec: {failurePolicy: Fail, matchConstraints: {
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}},
  resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]},
  validations: [{expression: 'false', message: no pods on a Friday}]}}`, namespace): &p,
		fmt.Sprintf(`{metadata: {name: %[1]s}, spec: {policyName: %[1]s, validationActions: [Deny]}}`, namespace): &b,
	} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = admission.ValidatingAdmissionPolicyBindings().Delete(ctx, namespace, metav1.DeleteOptions{})
		_ = admission.ValidatingAdmissionPolicies().Delete(ctx, namespace, metav1.DeleteOptions{})
	})
	if _, err := admission.ValidatingAdmissionPolicies().Create(t.Context(), &p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := admission.ValidatingAdmissionPolicyBindings().Create(t.Context(), &b, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	probe := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "a"}}}}
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		_, err := cluster.Client().CoreV1().Pods(namespace).Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), "no pods on a Friday"), fmt.Sprint("the policy is not in effect: ", err)
	})
}

// shop creates a Deployment with a label that several have.
func shop(t *testing.T, cluster *kubetest.Cluster, namespace, name, delay string) {
	t.Helper()
	var d appsv1.Deployment
	text := fmt.Sprintf(`{metadata: {name: %[1]s, labels: {of: shop}}, spec: {selector: {matchLabels: {app: %[1]s}},
  template: {metadata: {labels: {app: %[1]s}, annotations: {sim.berth.dev/behaviour: slow, sim.berth.dev/delay: %[2]s}},
    spec: {containers: [{name: app, image: a, readinessProbe: {tcpSocket: {port: 80}}}]}}}}`, name, delay)
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().AppsV1().Deployments(namespace).Create(t.Context(), &d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// applied returns a Deployment as it is once its controller has observed it.
func applied(t *testing.T, cluster *kubetest.Cluster, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	var found *appsv1.Deployment
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		var err error
		found, err = cluster.Client().AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
		return err == nil && found.Status.ObservedGeneration == found.Generation, fmt.Sprint("nobody has looked at it: ", err)
	})
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(found)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: object}
	u.SetAPIVersion("apps/v1")
	u.SetKind("Deployment")
	return u
}

const claimSpec = `{accessModes: [ReadWriteOnce], storageClassName: %q, resources: {requests: {storage: 1Gi}}}`

// claim creates the claim data of a storage class.
func claim(t *testing.T, cluster *kubetest.Cluster, namespace, class string) facts.Ref {
	t.Helper()
	var c corev1.PersistentVolumeClaim
	if err := yaml.Unmarshal([]byte(fmt.Sprintf("{metadata: {name: data}, spec: "+claimSpec+"}", class)), &c); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), &c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return facts.Ref{APIVersion: "v1", Kind: "PersistentVolumeClaim", Name: "data"}
}

// storing creates the StatefulSet db with claims of a storage class.
func storing(t *testing.T, cluster *kubetest.Cluster, namespace, class string) facts.Ref {
	t.Helper()
	var s appsv1.StatefulSet
	text := fmt.Sprintf(`{metadata: {name: db}, spec: {serviceName: db, selector: {matchLabels: {app: db}},
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: app, image: a, readinessProbe: {tcpSocket: {port: 80}},
    volumeMounts: [{name: data, mountPath: /data}]}]}},
  volumeClaimTemplates: [{metadata: {name: data}, spec: `+claimSpec+`}]}}`, class)
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().AppsV1().StatefulSets(namespace).Create(t.Context(), &s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"}
}

// lateClass creates a storage class that binds a claim when it has a consumer. It has
// no provisioner.
func lateClass(t *testing.T, cluster *kubetest.Cluster) string {
	t.Helper()
	late := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "late-"}, Provisioner: "example.com/none",
		VolumeBindingMode: &late}
	made, err := cluster.Client().StorageV1().StorageClasses().Create(t.Context(), class, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cluster.Client().StorageV1().StorageClasses().Delete(context.WithoutCancel(t.Context()), made.Name, metav1.DeleteOptions{})
	})
	return made.Name
}
