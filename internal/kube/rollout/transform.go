package rollout

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// trimObject removes from an object what no evaluation needs, so that a thousand
// of them fit into memory. It changes and returns its argument, which may be nil.
func trimObject(live *unstructured.Unstructured) *unstructured.Unstructured {
	if live == nil {
		return nil
	}
	unstructured.RemoveNestedField(live.Object, "metadata", "managedFields")
	for _, field := range []string{"data", "binaryData", "stringData"} {
		delete(live.Object, field)
	}
	return live
}

// toPod converts and trims a pod. ok is false for what is none.
func toPod(u *unstructured.Unstructured) (p *corev1.Pod, ok bool) {
	p = &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, p); err != nil {
		return nil, false
	}
	return trimPod(p), true
}

// trimPod removes from a pod what no evaluation needs. It changes and returns its
// argument.
func trimPod(p *corev1.Pod) *corev1.Pod {
	p.ManagedFields, p.Annotations = nil, nil
	claims := slices.DeleteFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim == nil })
	p.Spec = corev1.PodSpec{
		NodeName: p.Spec.NodeName, Volumes: claims, RestartPolicy: p.Spec.RestartPolicy,
		InitContainers: trimContainers(p.Spec.InitContainers), Containers: trimContainers(p.Spec.Containers),
	}
	return p
}

// trimContainers keeps of containers when they are restarted, whether they have a
// readiness probe, their image and how much memory they may take.
func trimContainers(all []corev1.Container) []corev1.Container {
	kept := make([]corev1.Container, 0, len(all))
	for _, c := range all {
		trimmed := corev1.Container{Name: c.Name, Image: c.Image, RestartPolicy: c.RestartPolicy}
		if limit, limited := c.Resources.Limits[corev1.ResourceMemory]; limited {
			trimmed.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: limit}
		}
		if c.ReadinessProbe != nil {
			trimmed.ReadinessProbe = &corev1.Probe{}
		}
		kept = append(kept, trimmed)
	}
	return kept
}

// versionOf returns the resource version as a number, by which versions of one
// resource can be compared
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions);
// 0 where it is none.
func versionOf(o interface{ GetResourceVersion() string }) uint64 {
	n, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
