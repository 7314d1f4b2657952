package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// change is one stage that a pod goes through.
type change struct {
	stage
	pod      *corev1.Pod
	now      metav1.Time
	failures int
	well     bool // it will not fail any more
	say      func(container, kind, reason, message string)
}

// status is the template function Status: the status of a pod after a stage, as a
// patch, with the events of a kubelet on the way there.
func (k *kubelet) status(ctx context.Context, events events, name string, raw map[string]any, ip string) (string, error) {
	pod := &corev1.Pod{}
	text, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(text, pod)
	}
	if err != nil {
		return "", fmt.Errorf("reading a pod: %w", err)
	}
	all := append([]stage{stopping}, stages...)
	at := slices.IndexFunc(all, func(s stage) bool { return s.name == name })
	c := change{stage: all[at], pod: pod, now: metav1.NewTime(time.Now())}
	c.say = func(container, kind, reason, message string) { events.emit(pod, container, kind, reason, message) }
	c.well, c.failures = passed(pod)
	if c.fails && !c.well {
		if c.well = k.passes(ctx, pod, c.failures); c.well {
			c.phase, c.state, c.reason, c.ready, c.init = "Running", "running", "", true, false
		} else {
			c.failures++
			c.sayFailure()
		}
	}
	patch, err := json.Marshal(c.patch(ip))
	if err != nil {
		return "", fmt.Errorf("writing the status of pod %s: %w", pod.Name, err)
	}
	return string(patch), nil
}

func (c *change) patch(ip string) map[string]any {
	started := c.pod.Status.StartTime
	if started == nil {
		started = &c.now
	}
	inits, containers := c.containers(*started)
	patch := map[string]any{
		"phase": c.phase, "startTime": started,
		"containerStatuses": containers, "conditions": c.conditions(*started, containers),
		"hostIP": "127.0.0.1", "hostIPs": []corev1.HostIP{{IP: "127.0.0.1"}}, "podIP": ip, "podIPs": []corev1.PodIP{{IP: ip}},
	}
	if len(inits) > 0 {
		patch["initContainerStatuses"] = inits
	}
	return patch
}

// conditions are a kubelet's own and what this node remembers. One that does not
// change keeps its time. An empty reason or message is sent as null: it replaces
// one from before.
func (c *change) conditions(started metav1.Time, containers []corev1.ContainerStatus) []map[string]any {
	var unready []string
	for _, s := range containers {
		if !s.Ready {
			unready = append(unready, s.Name)
		}
	}
	ready := len(unready) == 0
	why, message := "ContainersNotReady", fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
	switch {
	case ready:
		why, message = "", ""
	case c.phase == "Succeeded":
		why, message = "PodCompleted", ""
	case c.phase == "Failed":
		why = "PodFailed"
	}
	list := []corev1.PodCondition{
		{Type: corev1.PodReadyToStartContainers, Status: conditionStatus(c.reason != "ContainerCreating"), LastTransitionTime: started},
		{Type: corev1.PodInitialized, Status: conditionStatus(!c.init), LastTransitionTime: started},
		{Type: corev1.PodReady, Status: conditionStatus(ready), Reason: why, Message: message},
		{Type: corev1.ContainersReady, Status: conditionStatus(ready), Reason: why, Message: message},
		noteState(c.well, c.failures, c.now.Time),
	}
	if c.init {
		list[1].Reason, list[1].Message = "ContainersNotInitialized", fmt.Sprintf("containers with incomplete status: [%s]", c.crashingInit())
	}
	for _, gate := range c.pod.Spec.ReadinessGates {
		if ready {
			list = append(list, corev1.PodCondition{Type: gate.ConditionType, Status: corev1.ConditionTrue})
		}
	}
	patch := make([]map[string]any, 0, len(list))
	for _, condition := range list {
		patch = append(patch, map[string]any{
			"type": condition.Type, "status": condition.Status, "lastTransitionTime": c.since(condition),
			"reason": orNull(condition.Reason), "message": orNull(condition.Message),
		})
	}
	return patch
}

// since returns when a condition got its status.
func (c *change) since(condition corev1.PodCondition) metav1.Time {
	for _, old := range c.pod.Status.Conditions {
		if old.Type == condition.Type && old.Status == condition.Status {
			return old.LastTransitionTime
		}
	}
	if !condition.LastTransitionTime.IsZero() {
		return condition.LastTransitionTime
	}
	return c.now
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
