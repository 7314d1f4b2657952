package health

import (
	"cmp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

func TestPodReason(t *testing.T) {
	tests := map[string]struct{ status, want string }{
		"ready": {"{phase: Running, conditions: [{type: Ready, status: 'True'}]}", ""},
		"done":  {"{phase: Succeeded}", ""},
		"fresh": {"{}", "it is not seen by a node yet"},
		"creating": {"{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}",
			"container app: not started yet"},
		"image":         {"{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image \"x\"'}}}]}", `container app: ImagePullBackOff: Back-off pulling image "x"`},
		"unschedulable": {"{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available'}]}", "no node takes it: Unschedulable: 0/3 nodes are available"},
		"crash loop":    {"{phase: Running, containerStatuses: [{name: app, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 2}}}]}", "container app: CrashLoopBackOff, restarted 4 times, Error (exit code 2)"},
		"out of memory": {"{phase: Running, containerStatuses: [{name: app, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}}]}", "container app: CrashLoopBackOff, restarted once, OOMKilled (exit code 137)"},
		"just killed": {"{phase: Running, containerStatuses: [{name: app, state: {terminated: {reason: OOMKilled, exitCode: 137}}}]}",
			"container app: ended, OOMKilled (exit code 137)"},
		"fault first":    {"{phase: Running, containerStatuses: [{name: slow, state: {running: {}}}, {name: app, state: {waiting: {reason: ErrImagePull}}}]}", "container app: ErrImagePull"},
		"init container": {"{phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: migrate, state: {waiting: {reason: CreateContainerConfigError, message: secret \"db\" not found}}}], containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}", `init container migrate: CreateContainerConfigError: secret "db" not found`},
		"not ready":      {"{phase: Running, containerStatuses: [{name: app, state: {running: {}}}]}", "container app: running but not ready"},
		"last words":     {`{phase: Running, containerStatuses: [{name: app, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 1, message: "dial postgres://shop:hunter2@db/shop: refused\nPASSWORD=hunter2"}}}]}`, "container app: CrashLoopBackOff, restarted 3 times, Error (exit code 1): dial postgres://(hidden)@db/shop: refused PASSWORD=(hidden)"},
		"evicted":        {"{phase: Failed, reason: Evicted, message: disk pressure}", "Evicted: disk pressure"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var pod corev1.Pod
			if err := yaml.Unmarshal([]byte("{status: "+tt.status+"}"), &pod); err != nil {
				t.Fatal(err)
			}
			if got := PodReason(&pod); got != tt.want {
				t.Errorf("PodReason() = %q, want %q", got, tt.want)
			}
		})
	}
}

// Every reason holds untrusted text as one line of bounded length, without what looks
// like a secret.
func TestUntrustedTextInReasons(t *testing.T) {
	const said = "PASSWORD=hunter2\nrefused "
	message := said + strings.Repeat("x", 4<<10)
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "u"}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
		Reason: corev1.PodReasonUnschedulable, Message: message}}
	terminated := corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, Message: message}}
	claim := Event{Reason: "ProvisioningFailed", Message: message}
	owner := func(kind string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": kind, "metadata": map[string]any{"uid": "u"}}}
	}
	mount := Event{Reason: "FailedMount", Message: `secret "db" not found ` + message}
	for name, got := range map[string]string{
		"the scheduler's":          PodReason(p),
		"the scheduler's, a fault": schedulingFaults(Evidence{}, p, p.Status.Conditions[0])[0].reason,
		"a failed pod's":           PodReason(&terminated),
		"a mount's":                mountFaults(Evidence{Events: map[types.UID][]Event{"u": {mount}}}, p)[0].reason,
		"a claim's": claimFaults(Evidence{Owner: owner("PersistentVolumeClaim"),
			Events: map[types.UID][]Event{"u": {claim}}})[0].reason,
		"a warning's": stuckFaults(Evidence{Events: map[types.UID][]Event{"u": {{Warning: true, Reason: "FailedCreatePodSandBox",
			Message: message, Count: 1}}}}, p)[0].reason,
		"a probe's": because(corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
			[]Event{{Reason: "Unhealthy", Message: message}}),
		"a refused pod's": createFault(Evidence{Owner: owner("StatefulSet")}, message, 0).reason,
	} {
		if strings.Contains(got, "hunter2") || !strings.Contains(got, "PASSWORD=(hidden) refused") || strings.Contains(got, "\n") ||
			len(got) > 2*MaxMessage {
			t.Errorf("%s: %d bytes, %.100q", name, len(got), got)
		}
	}
}

func TestFirstPodReason(t *testing.T) {
	pods := func(statuses ...string) []*corev1.Pod {
		var all []*corev1.Pod
		for i, s := range statuses {
			name := string(rune('a' + i))
			var p corev1.Pod
			if err := yaml.Unmarshal([]byte("{metadata: {name: "+name+", uid: "+name+"}, status: "+s+"}"), &p); err != nil {
				t.Fatal(err)
			}
			all = append(all, &p)
		}
		return all
	}
	const (
		ready    = "{phase: Running, conditions: [{type: Ready, status: 'True'}]}"
		creating = "{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}"
		backOff  = "{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff}}}]}"
	)
	pulling := map[types.UID][]Event{"b": {{Reason: "Scheduled"}, {Reason: "Pulling", Message: `Pulling image "x"`}}}
	for name, tt := range map[string]struct {
		pods []*corev1.Pod
		want string
	}{
		"all ready":           {pods(ready, ready), ""},
		"not started":         {pods(creating), "pod a: container app: not started yet"},
		"pulling":             {pods(ready, creating), `pod b: Pulling image "x"`},
		"a fault says itself": {pods(ready, backOff), "pod b: container app: ImagePullBackOff"},
	} {
		if got := FirstPodReason(Evidence{Pods: tt.pods, Events: pulling}); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// How a container ended is told also of a pod that goes, or that runs again.
func TestEndReason(t *testing.T) {
	const ended = "{terminated: {reason: Error, exitCode: 1}}"
	for name, c := range map[string]struct{ deletion, status, want string }{
		"it ended": {"", "{containerStatuses: [{name: app, state: " + ended + "}]}", "container app: ended, Error (exit code 1)"},
		"and is deleted": {"2026-05-04T10:00:00Z", "{containerStatuses: [{name: app, state: " + ended + "}]}",
			"container app: ended, Error (exit code 1)"},
		"it runs again": {"", "{containerStatuses: [{name: app, ready: true, restartCount: 1, state: {running: {}}, lastState: " + ended + "}]}",
			"container app: restarted once, Error (exit code 1)"},
		"it waits": {"", "{containerStatuses: [{name: app, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: " + ended + "}]}",
			"container app: CrashLoopBackOff, restarted 2 times, Error (exit code 1)"},
		"it runs, and is deleted": {"2026-05-04T10:00:00Z", "{containerStatuses: [{name: app, state: {running: {}}}]}",
			"container app: it ran until its pod was deleted"},
		"an init container": {"",
			"{initContainerStatuses: [{name: a, state: " + ended + "}], containerStatuses: [{name: app, state: {waiting: {}}}]}",
			"init container a: ended, Error (exit code 1)"},
		"it runs":       {"", "{containerStatuses: [{name: app, state: {running: {}}}]}", ""},
		"it waits only": {"", "{containerStatuses: [{name: app, state: {waiting: {reason: ErrImagePull}}}]}", ""},
		"it is done":    {"", "{phase: Succeeded, containerStatuses: [{name: app, restartCount: 1, state: {terminated: {}}, lastState: " + ended + "}]}", ""},
		"no status":     {"2026-05-04T10:00:00Z", "{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var p corev1.Pod
			if err := yaml.Unmarshal([]byte("{metadata: {deletionTimestamp: "+cmp.Or(c.deletion, "null")+"}, status: "+c.status+"}"),
				&p); err != nil {
				t.Fatal(err)
			}
			if got := EndReason(&p); got != c.want {
				t.Errorf("EndReason() = %q, want %q", got, c.want)
			}
		})
	}
}
