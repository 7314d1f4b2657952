package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/berth-dev/berth/internal/text"
)

// Unprobed returns the names of the containers of a workload or bare pod that run as
// long as it does and have no readiness probe: they are ready as soon as they run,
// and so also between two crashes. It returns none for what has no such pods, or is
// ready whatever they do.
func Unprobed(owner *unstructured.Unstructured) []string {
	path := []string{"spec", "template", "spec"}
	switch owner.GetKind() {
	case "Pod":
		path = []string{"spec"}
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet":
		if present(owner) == 0 {
			return nil
		}
	default:
		return nil
	}
	raw, _, _ := unstructured.NestedMap(owner.Object, path...)
	var spec corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &spec); err != nil || raw == nil {
		return nil
	}
	if spec.RestartPolicy != "" && spec.RestartPolicy != corev1.RestartPolicyAlways {
		return nil
	}
	return unprobed(spec)
}

// unprobed returns the containers that run as long as a pod does and have no readiness
// probe.
func unprobed(spec corev1.PodSpec) (names []string) {
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways && c.ReadinessProbe == nil {
			names = append(names, c.Name)
		}
	}
	for _, c := range spec.Containers {
		if c.ReadinessProbe == nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// present returns how many pods of its present revision a workload wants: none where it
// is paused. Where those before stay until somebody deletes them, it is as many as
// there are.
func present(owner *unstructured.Unstructured) int {
	if paused, _, _ := unstructured.NestedBool(owner.Object, "spec", "paused"); paused {
		return 0
	}
	if keepsOldPods(owner) {
		return number(owner, 0, "status", "updatedReplicas") + number(owner, 0, "status", "updatedNumberScheduled")
	}
	_, wanted := Replicas(owner)
	return wanted
}

// Unsettled returns which container of an object that is ready has to be watched
// longer, and why, as a sentence; "" where none has. history is that of the
// evaluation that has just been made.
//
// Watched are the containers without a readiness probe, and those that crashed in
// this rollout: each has to have run for as long as settle. One that an earlier
// rollout left in a loop has to outlive its last run besides.
func Unsettled(e Evidence, history History, settle time.Duration, now time.Time) string {
	var names []string
	restarted := false
	for _, p := range e.Pods {
		if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		if !isReady(p) { // its owner was seen in a newer state
			names = append(names, unprobed(p.Spec)...)
			continue
		}
		for _, c := range containersOf(p) {
			r, known := history.runs[runKey(p, c.status.Name)]
			if !c.serves || !c.restarts || c.probed && r.counted == 0 || known && r.settled(settle, now) {
				continue
			}
			restarted = restarted || r.counted > 0
			names = append(names, c.status.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) == 0:
		return ""
	case restarted:
		return fmt.Sprintf("%s restarted: watched until it has run for %s", ContainerNames(names), text.Duration(settle))
	}
	return fmt.Sprintf("%s without a readiness probe: watched until it has run for %s", ContainerNames(names), text.Duration(settle))
}

// settled returns whether the container has run for long enough.
func (r runs) settled(settle time.Duration, now time.Time) bool {
	return !r.up.IsZero() && now.Sub(r.up) >= settle+r.outlive
}

// AllSeen returns whether pods are as many as the object wants.
func AllSeen(owner *unstructured.Unstructured, pods []*corev1.Pod) bool {
	wanted := 1
	if owner.GetKind() != "Pod" {
		wanted = present(owner)
	}
	staying := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
	return len(staying) >= wanted
}

// ContainerNames returns "container app" or "containers app, proxy".
func ContainerNames(names []string) string {
	if len(names) == 1 {
		return "container " + names[0]
	}
	return "containers " + strings.Join(names, ", ")
}
