package rollout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
)

func TestCounts(t *testing.T) {
	tests := map[string]struct {
		object        string
		ready, wanted int
	}{
		"new":                    {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2}}", 0, 2},
		"one by default":         {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {}}", 0, 1},
		"coming up":              {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 3}, status: {observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 2}}", 2, 3},
		"changed, unseen":        {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2}}", 0, 2},
		"changed, old ones left": {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 1, readyReplicas: 2}}", 0, 2},
		"changed, half way":      {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 2, readyReplicas: 2}}", 1, 2},
		"scaled down":            {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3}}", 1, 1},
		"none wanted":            {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}}", 0, 0},
		"partition":              {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 1, readyReplicas: 3}}", 3, 3},
		"daemons":                {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 4, currentNumberScheduled: 4, updatedNumberScheduled: 3, numberReady: 4}}", 3, 4},
		"replicas":               {"{apiVersion: apps/v1, kind: ReplicaSet, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, readyReplicas: 1}}", 1, 2},
		"completions":            {"{apiVersion: batch/v1, kind: Job, metadata: {generation: 1}, spec: {completions: 5}, status: {succeeded: 3}}", 3, 5},
		"no status of a number":  {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: two}, status: {readyReplicas: []}}", 0, 1},
		"of another group":       {"{apiVersion: x.example/v1, kind: Deployment, spec: {replicas: 2}}", 0, 0},
		"a kind that counts not": {"{apiVersion: v1, kind: ConfigMap}", 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if ready, wanted := counts(object(t, tt.object)); ready != tt.ready || wanted != tt.wanted {
				t.Errorf("%d of %d, want %d of %d", ready, wanted, tt.ready, tt.wanted)
			}
		})
	}
	if ready, wanted := counts(nil); ready != 0 || wanted != 0 {
		t.Errorf("%d of %d of nothing", ready, wanted)
	}
}

func TestHolding(t *testing.T) {
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
	pulling := map[types.UID][]happening{"b": {{Reason: "Scheduled"}, {Reason: "Pulling", Message: `Pulling image "x"`}}}
	for name, tt := range map[string]struct {
		pods []*corev1.Pod
		want string
	}{
		"all ready":           {pods(ready, ready), ""},
		"not started":         {pods(creating), "pod a: container app: not started yet"},
		"pulling":             {pods(ready, creating), `pod b: Pulling image "x"`},
		"a fault says itself": {pods(ready, backOff), "pod b: container app: ImagePullBackOff"},
	} {
		if got := holding(tt.pods, pulling); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// heard keeps what an observer was told.
type heard struct{ all []facts.Awaited }

func (h *heard) Begin(all []facts.Awaited) { h.all = append(h.all, all...) }
func (h *heard) Saw(a facts.Awaited)       { h.all = append(h.all, a) }
func (h *heard) End()                      { h.all = append(h.all, facts.Awaited{}) }

// Each change is told of once, and what a pod waits for only until its owner is
// met.
func TestTelling(t *testing.T) {
	var h heard
	s := &subject{object: facts.Object{Ref: facts.Ref{Name: "web"}, Reason: "Available: 0/1"}}
	telling := (&Waiter{Observer: &h}).begin([]*subject{s})
	telling.saw(s)
	s.held = "pod web-1: container app: not started yet"
	telling.saw(s)
	telling.saw(s)
	s.met = true
	telling.saw(s)
	telling.end()
	ref := s.object.Ref
	want := []facts.Awaited{{Ref: ref, Reason: "Available: 0/1"}, {Ref: ref, Reason: s.held}, {Ref: ref, Satisfied: true}, {}}
	if len(h.all) != len(want) {
		t.Fatalf("heard %+v", h.all)
	}
	for i := range want {
		if h.all[i] != want[i] {
			t.Errorf("%d: heard %+v, want %+v", i, h.all[i], want[i])
		}
	}
	nobody := (&Waiter{}).begin([]*subject{s})
	nobody.saw(s)
	nobody.end()
}
