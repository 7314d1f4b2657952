package health

import "testing"

func TestReplicas(t *testing.T) {
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
		"completions": {"{apiVersion: batch/v1, kind: Job, metadata: {generation: 1}, spec: {completions: 5}, status: {succeeded: 3}}",
			3, 5},
		"no status of a number":  {"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: two}, status: {readyReplicas: []}}", 0, 1},
		"of another group":       {"{apiVersion: x.example/v1, kind: Deployment, spec: {replicas: 2}}", 0, 0},
		"a kind that counts not": {"{apiVersion: v1, kind: ConfigMap}", 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if ready, wanted := Replicas(object(t, tt.object)); ready != tt.ready || wanted != tt.wanted {
				t.Errorf("%d of %d, want %d of %d", ready, wanted, tt.ready, tt.wanted)
			}
		})
	}
	if ready, wanted := Replicas(nil); ready != 0 || wanted != 0 {
		t.Errorf("%d of %d of nothing", ready, wanted)
	}
}
