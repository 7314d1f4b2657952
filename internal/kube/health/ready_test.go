package health

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return u
}

const (
	deployment  = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, generation: 2}, spec: {replicas: 1, progressDeadlineSeconds: 600%s}, status: %s}"
	statefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, generation: 1}, spec: {replicas: %s}, status: %s}"
)

func TestReady(t *testing.T) {
	fill := func(format string, values ...string) string {
		for _, v := range values {
			format = strings.Replace(format, "%s", v, 1)
		}
		return format
	}
	available := "{observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [" +
		"{type: Available, status: 'True', reason: MinimumReplicasAvailable}, {type: Progressing, status: 'True', reason: NewReplicaSetAvailable}]}"
	tests := map[string]struct {
		object        string
		ready, failed bool
		reason        string // part of it
	}{
		"Deployment, available": {fill(deployment, "", available), true, false, ""},
		"Deployment, no status": {fill(deployment, "", "{}"), false, false, "controller has not looked"},
		"Deployment, older generation": {fill(deployment, "", strings.Replace(available, "Generation: 2", "Generation: 1", 1)), false, false,
			"controller has not looked"},
		"Deployment, none available": {fill(deployment, "",
			"{observedGeneration: 2, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1}"), false, false, "Available: 0/1"},
		"Deployment, past its deadline": {fill(deployment, "",
			"{observedGeneration: 2, replicas: 1, updatedReplicas: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: 'ReplicaSet \"web-1\" has timed out'}]}"), false, true, "has timed out"},
		"Deployment, paused":       {fill(deployment, ", paused: true", "{observedGeneration: 2}"), true, false, ""},
		"StatefulSet, no status":   {fill(statefulSet, "0", "{}"), false, false, "controller has not looked"},
		"StatefulSet, none wanted": {fill(statefulSet, "0", "{observedGeneration: 1, replicas: 0}"), true, false, ""},
		"StatefulSet, unready":     {fill(statefulSet, "1", "{observedGeneration: 1, replicas: 1}"), false, false, "Ready: 0/1"},
		"DaemonSet, no status": {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 1}}", false, false,
			"controller has not looked"},

		"DaemonSet, no nodes":          {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 0}}", true, false, ""},
		"DaemonSet, updating":          {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 2}, status: {observedGeneration: 2, desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1}}", false, false, "Updated: 0/1"},
		"DaemonSet, updated by hand":   {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 2}, spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1}}", true, false, ""},
		"DaemonSet, by hand, not seen": {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 2}, spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1}}", false, false, "controller has not looked"},
		"StatefulSet, updated by hand": {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, generation: 2}, spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}", true, false, ""},
		"StatefulSet, partition":       {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, generation: 2}, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {observedGeneration: 2, replicas: 3, readyReplicas: 3, currentReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}}", true, false, ""},
		"StatefulSet, partition, not":  {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, generation: 2}, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {observedGeneration: 2, replicas: 3, readyReplicas: 3, currentReplicas: 3, currentRevision: a, updateRevision: b}}", false, false, "updated: 0/1"},
		"CronJob": {"{apiVersion: batch/v1, kind: CronJob, metadata: {name: c, generation: 1}, spec: {schedule: '@daily'}}",
			true, false, ""},

		"Job, retries left": {"{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {backoffLimit: 6}, status: {active: 1, failed: 3, startTime: '2026-01-01T00:00:00Z'}}", true, false, ""},
		"Job, running": {"{apiVersion: batch/v1, kind: Job, metadata: {name: j}, status: {active: 1, startTime: '2026-01-01T00:00:00Z'}}",
			true, false, ""},
		"Job, not started": {"{apiVersion: batch/v1, kind: Job, metadata: {name: j}}", true, false, ""},
		"Job, failed":      {"{apiVersion: batch/v1, kind: Job, metadata: {name: j}, status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}}", false, true, "BackoffLimitExceeded: too often"},
		"Pod, ready":       {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", true, false, ""},
		"Pod, crashing":    {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {phase: Running, containerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff}}}]}}", false, false, "not ready"},
		"Pod, failed": {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {phase: Failed, reason: Evicted}}", false, true,
			"Evicted"},
		"Pod, without a node": {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/1 nodes}]}}", false, false, "0/1 nodes"},
		"PVC, pending": {"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, status: {phase: Pending}}", false, false,
			"not Bound"},
		"Service": {"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: ClusterIP, clusterIP: 10.0.0.1}}", true,
			false, ""},
		"load balancer, no IP": {"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}",
			false, false, "no address"},
		"load balancer": {"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}", true, false, ""},
		"ConfigMap":     {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", true, false, ""},
		"being deleted": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c, deletionTimestamp: '2026-01-01T00:00:00Z'}}", false,
			false, "being deleted"},
		"custom, unready": {"{apiVersion: x.io/v1, kind: DB, metadata: {name: c}, status: {conditions: [{type: Ready, status: 'False', reason: Wait, message: booting}]}}", false, false, "booting"},
		"custom, plain":   {"{apiVersion: x.io/v1, kind: DB, metadata: {name: c}}", true, false, ""},
		"Pod, junk status": {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {phase: 7, conditions: [1, a]}}", false, false,
			"pending"},
		"Deployment, junk status": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: p}, spec: 3, status: [1]}", false, false,
			"controller has not looked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Ready(object(t, tt.object))
			if got.Ready != tt.ready || got.Failed != tt.failed || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("Ready() = %+v, want ready %t, failed %t, a reason with %q", got, tt.ready, tt.failed, tt.reason)
			}
			if !got.Ready && got.Reason == "" {
				t.Error("it is not ready, and there is no reason")
			}
		})
	}
	if got := Ready(nil); got.Ready || got.Reason == "" {
		t.Errorf("Ready(nil) = %+v", got)
	}
}

func TestComplete(t *testing.T) {
	tests := map[string]struct {
		object string
		want   bool
	}{
		"Job, running":   {"{apiVersion: batch/v1, kind: Job, status: {active: 1}}", false},
		"Job, complete":  {"{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: 'True'}]}}", true},
		"Job, failed":    {"{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: 'True'}]}}", false},
		"Pod, succeeded": {"{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}", true},
		"Pod, running":   {"{apiVersion: v1, kind: Pod, status: {phase: Running}}", false},
		"ConfigMap":      {"{apiVersion: v1, kind: ConfigMap}", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Complete(object(t, tt.object)); got != tt.want {
				t.Errorf("Complete() = %t, want %t", got, tt.want)
			}
		})
	}
}
