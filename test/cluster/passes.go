package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// passed returns whether the pod will not fail any more, and how often it did.
func passed(pod *corev1.Pod) (well bool, failures int) {
	for _, c := range pod.Status.Conditions {
		if c.Type == stateCondition {
			count, _, _ := strings.Cut(c.Message, " ")
			failures, _ = strconv.Atoi(count) // it is ours
			return c.Status == corev1.ConditionTrue, failures
		}
	}
	return false, 0
}

// noteState is the condition for that. The time makes each stage's patch another
// one: one that changes nothing would be the pod's last.
func noteState(well bool, failures int, now time.Time) corev1.PodCondition {
	message := fmt.Sprintf("%d failures by %s", failures, now.Format(time.RFC3339Nano))
	return corev1.PodCondition{Type: stateCondition, Status: conditionStatus(well), Message: message}
}

// passes returns whether a pod that failed so often gets through this time: after
// as many failures as it is to have, or once the object that it waits for is there.
func (k *kubelet) passes(ctx context.Context, pod *corev1.Pod, failures int) bool {
	if strings.HasSuffix(pod.Annotations[behaviourKey], "-once") {
		return failures >= 1
	}
	if times, err := strconv.Atoi(pod.Annotations[timesKey]); err == nil {
		return failures >= times
	}
	kind, name, ok := strings.Cut(pod.Annotations[untilKey], "/")
	return ok && k.there(ctx, pod.Namespace, kind, name)
}

// there returns whether an object of the pod's namespace is ready, by its kind's
// rule; one without a rule has to exist.
func (k *kubelet) there(ctx context.Context, namespace, kind, name string) bool {
	get := metav1.GetOptions{}
	switch kind {
	case "Deployment":
		d, err := k.client.AppsV1().Deployments(namespace).Get(ctx, name, get)
		return err == nil && d.Status.ReadyReplicas > 0
	case "StatefulSet":
		s, err := k.client.AppsV1().StatefulSets(namespace).Get(ctx, name, get)
		return err == nil && s.Status.ReadyReplicas > 0
	case "Pod":
		p, err := k.client.CoreV1().Pods(namespace).Get(ctx, name, get)
		return err == nil && holds(p.Status.Conditions, corev1.PodReady)
	case "Job":
		j, err := k.client.BatchV1().Jobs(namespace).Get(ctx, name, get)
		return err == nil && complete(j)
	case "ConfigMap":
		_, err := k.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, get)
		return err == nil
	case "Secret":
		_, err := k.client.CoreV1().Secrets(namespace).Get(ctx, name, get)
		return err == nil
	}
	return false
}

func complete(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if c.Type == batchv1.JobComplete {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func holds(all []corev1.PodCondition, kind corev1.PodConditionType) bool {
	for _, c := range all {
		if c.Type == kind {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func conditionStatus(holds bool) corev1.ConditionStatus {
	if holds {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}
