//go:build node

package rows

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/berth-dev/berth/test/node/registry"
)

// pod is a pod of one container; the changes are made in their order.
func pod(app corev1.Container, changes ...func(*corev1.PodSpec)) corev1.PodTemplateSpec {
	spec := corev1.PodSpec{Containers: []corev1.Container{app}, AutomountServiceAccountToken: new(false),
		TerminationGracePeriodSeconds: new(int64(2))}
	for _, change := range changes {
		change(&spec)
	}
	return corev1.PodTemplateSpec{Spec: spec}
}

// sharing has the pod's containers see the row's folder as /shared.
func sharing(p *corev1.PodSpec) {
	source := &corev1.HostPathVolumeSource{Path: sharedFolder}
	mounted(corev1.VolumeSource{HostPath: source}, "/shared")(p)
}

// keeping has the pod's containers keep files in /kept while they restart.
func keeping(p *corev1.PodSpec) {
	mounted(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, "/kept")(p)
}

// mounted has all containers that the pod has so far see the volume.
func mounted(source corev1.VolumeSource, path string) func(*corev1.PodSpec) {
	return func(p *corev1.PodSpec) {
		name := strings.Trim(path, "/")
		p.Volumes = append(p.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		for i := range p.Containers {
			p.Containers[i].VolumeMounts = append(p.Containers[i].VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
		}
	}
}

// before adds an init container.
func before(name string, c corev1.Container) func(*corev1.PodSpec) {
	c.Name = name
	return func(p *corev1.PodSpec) { p.InitContainers = append(p.InitContainers, c) }
}

func grace(seconds int64) func(*corev1.PodSpec) {
	return func(p *corev1.PodSpec) { p.TerminationGracePeriodSeconds = &seconds }
}

// app is the program with its arguments, without a probe.
func app(arguments ...string) corev1.Container {
	return corev1.Container{Name: "app", Image: registry.Good, ImagePullPolicy: corev1.PullIfNotPresent, Args: arguments}
}

// server is the program with a readiness probe.
func server(arguments ...string) corev1.Container { return probed(app(arguments...)) }

// shell is a container that runs a script, without a probe.
func shell(script string) corev1.Container {
	c := app()
	c.Command = []string{"/bin/sh", "-c", script}
	return c
}

// from is the server of an image.
func from(image string) corev1.Container {
	c := server()
	c.Image = image
	return c
}

// probed is the container with a readiness probe.
func probed(c corev1.Container) corev1.Container {
	c.ReadinessProbe = asking("/ready", 8080)
	return c
}

// asking is a probe that asks each second.
func asking(path string, port int) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt(port)}}}
}

// with is the container with a variable, which tells one version from another.
func with(c corev1.Container, name, value string) corev1.Container {
	c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	return c
}

// limited is the container with a limit to its memory.
func limited(c corev1.Container, memory string) corev1.Container {
	c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	return c
}
