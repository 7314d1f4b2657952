//go:build node

package rows

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object is one object of a chart.
type object any

func deployment(name string, pod corev1.PodTemplateSpec, changes ...func(*appsv1.DeploymentSpec)) object {
	labels := map[string]string{"app": name}
	pod.Labels = labels
	spec := appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pod}
	for _, change := range changes {
		change(&spec)
	}
	return &appsv1.Deployment{TypeMeta: kind("apps/v1", "Deployment"), ObjectMeta: named(name), Spec: spec}
}

func replicas(n int32) func(*appsv1.DeploymentSpec) {
	return func(d *appsv1.DeploymentSpec) { d.Replicas = &n }
}

func recreated(d *appsv1.DeploymentSpec) { d.Strategy.Type = appsv1.RecreateDeploymentStrategyType }

func statefulSet(name string, n int32, pod corev1.PodTemplateSpec) object {
	labels := map[string]string{"app": name}
	pod.Labels = labels
	return &appsv1.StatefulSet{TypeMeta: kind("apps/v1", "StatefulSet"), ObjectMeta: named(name), Spec: appsv1.StatefulSetSpec{
		ServiceName: name, Replicas: &n, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pod}}
}

func daemonSet(name string, pod corev1.PodTemplateSpec) object {
	labels := map[string]string{"app": name}
	pod.Labels = labels
	return &appsv1.DaemonSet{TypeMeta: kind("apps/v1", "DaemonSet"), ObjectMeta: named(name), Spec: appsv1.DaemonSetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pod}}
}

func cronJob(name string, pod corev1.PodTemplateSpec) object {
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	return &batchv1.CronJob{TypeMeta: kind("batch/v1", "CronJob"), ObjectMeta: named(name), Spec: batchv1.CronJobSpec{
		Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: pod}}}}
}

// job is a Job that tries no second time, unless a change says so.
func job(name string, pod corev1.PodTemplateSpec, changes ...func(*batchv1.Job)) object {
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	made := &batchv1.Job{TypeMeta: kind("batch/v1", "Job"), ObjectMeta: named(name),
		Spec: batchv1.JobSpec{BackoffLimit: new(int32(0)), Template: pod}}
	for _, change := range changes {
		change(made)
	}
	return made
}

// hook makes a Job a hook before installs and upgrades.
func hook(j *batchv1.Job) {
	j.Annotations = map[string]string{"helm.sh/hook": "pre-install,pre-upgrade"}
}

func tries(again int32) func(*batchv1.Job) {
	return func(j *batchv1.Job) { j.Spec.BackoffLimit = &again }
}

func deadline(seconds int64) func(*batchv1.Job) {
	return func(j *batchv1.Job) { j.Spec.ActiveDeadlineSeconds = &seconds }
}

func onFailure(j *batchv1.Job) { j.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyOnFailure }

func secret(name, key string) object {
	return &corev1.Secret{TypeMeta: kind("v1", "Secret"), ObjectMeta: named(name), StringData: map[string]string{key: "1"}}
}

func service(name string) object {
	return &corev1.Service{TypeMeta: kind("v1", "Service"), ObjectMeta: named(name), Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 8080}}}}
}

func kind(version, name string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: version, Kind: name}
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
