package health

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// container is a container of a pod as its status shows it.
type container struct {
	kind   string // in words
	status corev1.ContainerStatus
	// restarts is whether it is started again whenever it fails, and counts its own
	// crashes. Those of a Job's pod are counted by the Job.
	restarts bool
	// serves is whether it is to run as long as the pod does.
	serves bool
	probed bool // it has a readiness probe
}

// containersOf returns the containers of a pod, the init containers first.
func containersOf(p *corev1.Pod) []container {
	always := p.Spec.RestartPolicy == corev1.RestartPolicyAlways || p.Spec.RestartPolicy == ""
	restarts := p.Spec.RestartPolicy != corev1.RestartPolicyNever && !ownedByJob(p)
	all := make([]container, 0, len(p.Status.InitContainerStatuses)+len(p.Status.ContainerStatuses))
	for _, s := range p.Status.InitContainerStatuses {
		c := container{kind: "init container", status: s, restarts: restarts}
		if i := indexOf(p.Spec.InitContainers, s.Name); i >= 0 {
			spec := p.Spec.InitContainers[i]
			c.probed = spec.ReadinessProbe != nil
			c.serves = spec.RestartPolicy != nil && *spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
			c.restarts = c.restarts || c.serves && !ownedByJob(p)
		}
		all = append(all, c)
	}
	for _, s := range p.Status.ContainerStatuses {
		c := container{kind: "container", status: s, restarts: restarts, serves: always && !ownedByJob(p)}
		if i := indexOf(p.Spec.Containers, s.Name); i >= 0 {
			c.probed = p.Spec.Containers[i].ReadinessProbe != nil
		}
		all = append(all, c)
	}
	return all
}

func indexOf(all []corev1.Container, name string) int {
	return slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == name })
}

// done returns whether the container has run to its end, as it is to.
func (c container) done() bool {
	return !c.serves && c.status.State.Terminated != nil && c.status.State.Terminated.ExitCode == 0
}

func ownedByJob(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "Job" })
}
