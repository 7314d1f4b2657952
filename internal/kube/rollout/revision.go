package rollout

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

// replicaSet is the Deployment's ReplicaSet of its present revision; nil when that
// cannot be told, as before the controller has looked.
func replicaSet(ctx context.Context, client kubernetes.Interface, owner *unstructured.Unstructured, selector string) *appsv1.ReplicaSet {
	if !health.RevisionKnown(owner) {
		return nil
	}
	sets, err := client.AppsV1().ReplicaSets(owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil
	}
	return health.CurrentReplicaSet(owner, sets.Items)
}

// podOf reads a pod, without what no judgement needs.
func podOf(u *unstructured.Unstructured) (*corev1.Pod, bool) {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &p); err != nil {
		return nil, false
	}
	return lean(&p), true
}

// lean drops of a pod what no judgement needs.
func lean(p *corev1.Pod) *corev1.Pod {
	p.ManagedFields, p.Annotations = nil, nil
	claims := slices.DeleteFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim == nil })
	p.Spec = corev1.PodSpec{NodeName: p.Spec.NodeName, Volumes: claims}
	return p
}
