package manifest

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Requests returns what the pods of a manifest ask for, such as cpu=250m,memory=1Gi: those of
// its Deployments, StatefulSets, ReplicaSets and ReplicationControllers times their replicas,
// those of its DaemonSets once, since the number of nodes is not in it, and bare pods. Jobs and
// CronJobs do not count: their pods come to an end.
func Requests(manifest string) (string, error) {
	objects, err := Parse(manifest)
	if err != nil {
		return "", err
	}
	var cpu, memory resource.Quantity
	for _, o := range objects {
		pods, spec, err := podsOf(o)
		if err != nil {
			return "", fmt.Errorf("read the pods of %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		if pods == 0 {
			continue
		}
		addTimes(&cpu, requestOf(spec, corev1.ResourceCPU), pods)
		addTimes(&memory, requestOf(spec, corev1.ResourceMemory), pods)
	}
	return "cpu=" + cpu.String() + ",memory=" + memory.String(), nil
}

// workload is what the workloads that count have in common.
type workload struct {
	Spec struct {
		Replicas *int64                 `json:"replicas"`
		Template corev1.PodTemplateSpec `json:"template"`
	} `json:"spec"`
}

// podsOf returns how many pods an object makes, and what each is.
func podsOf(o *unstructured.Unstructured) (pods int64, spec *corev1.PodSpec, err error) {
	group := o.GroupVersionKind().Group
	switch kind := o.GetKind(); {
	case group == "" && kind == "Pod":
		var p corev1.Pod
		return 1, &p.Spec, decode(o, &p)
	case group == "apps" && (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet" || kind == "DaemonSet"),
		group == "" && kind == "ReplicationController":
		var w workload
		err := decode(o, &w)
		if pods = 1; w.Spec.Replicas != nil && kind != "DaemonSet" {
			pods = max(*w.Spec.Replicas, 0)
		}
		return pods, &w.Spec.Template.Spec, err
	}
	return 0, nil, nil
}

func decode(o *unstructured.Unstructured, into any) error {
	data, err := json.Marshal(o.Object)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// requestOf returns what Kubernetes books for a pod: what its containers and sidecars ask for
// together, or the init container that asks for more, with the sidecars before it.
func requestOf(spec *corev1.PodSpec, name corev1.ResourceName) resource.Quantity {
	if r := spec.Resources; r != nil {
		if q, ok := r.Requests[name]; ok {
			return q
		}
	}
	var sidecars, most resource.Quantity
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		one := containerRequest(c, name)
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sidecars.Add(one)
			one = sidecars.DeepCopy()
		} else {
			one.Add(sidecars)
		}
		if one.Cmp(most) > 0 {
			most = one
		}
	}
	sum := sidecars.DeepCopy()
	for i := range spec.Containers {
		sum.Add(containerRequest(&spec.Containers[i], name))
	}
	if most.Cmp(sum) > 0 {
		return most
	}
	return sum
}

// containerRequest returns what a container asks for. One that only has a limit asks for that.
func containerRequest(c *corev1.Container, name corev1.ResourceName) resource.Quantity {
	if q, ok := c.Resources.Requests[name]; ok {
		return q.DeepCopy()
	}
	q := c.Resources.Limits[name]
	return q.DeepCopy()
}

// addTimes adds a quantity as often as there are pods, as far as that can be counted.
func addTimes(sum *resource.Quantity, q resource.Quantity, pods int64) {
	if q.Mul(pods) {
		sum.Add(q)
	}
}
