package rollout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestPodReason(t *testing.T) {
	tests := map[string]struct{ status, want string }{
		"ready":          {"{phase: Running, conditions: [{type: Ready, status: 'True'}]}", ""},
		"done":           {"{phase: Succeeded}", ""},
		"fresh":          {"{}", "it is not seen by a node yet"},
		"creating":       {"{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}", "container app: not started yet"},
		"image":          {"{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image \"x\"'}}}]}", `container app: ImagePullBackOff: Back-off pulling image "x"`},
		"unschedulable":  {"{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available'}]}", "no node takes it: Unschedulable: 0/3 nodes are available"},
		"crash loop":     {"{phase: Running, containerStatuses: [{name: app, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 2}}}]}", "container app: CrashLoopBackOff, restarted 4 times, Error (exit code 2)"},
		"out of memory":  {"{phase: Running, containerStatuses: [{name: app, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}}]}", "container app: CrashLoopBackOff, restarted once, OOMKilled (exit code 137)"},
		"just killed":    {"{phase: Running, containerStatuses: [{name: app, state: {terminated: {reason: OOMKilled, exitCode: 137}}}]}", "container app: ended, OOMKilled (exit code 137)"},
		"fault first":    {"{phase: Running, containerStatuses: [{name: slow, state: {running: {}}}, {name: app, state: {waiting: {reason: ErrImagePull}}}]}", "container app: ErrImagePull"},
		"init container": {"{phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: migrate, state: {waiting: {reason: CreateContainerConfigError, message: secret \"db\" not found}}}], containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}", `init container migrate: CreateContainerConfigError: secret "db" not found`},
		"not ready":      {"{phase: Running, containerStatuses: [{name: app, state: {running: {}}}]}", "container app: running but not ready"},
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
