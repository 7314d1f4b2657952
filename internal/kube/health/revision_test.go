package health

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Pods of earlier revisions, and of other owners, do not belong to the present one.
func TestOfCurrentRevision(t *testing.T) {
	const (
		statefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {uid: o, generation: 2}, status: {observedGeneration: 2, updateRevision: new}}"
		daemonSet   = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {uid: o, generation: 2, annotations: {deprecated.daemonset.template.generation: '2'}}}"
		deployment  = "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: o}}"
	)
	by := func(kind, name, uid, labels string) string {
		return "{labels: {" + labels + "}, ownerReferences: [{controller: true, kind: " + kind + ", name: " + name + ", uid: " + uid + "}]}"
	}
	for name, c := range map[string]struct {
		owner, replicas, pod string
		want                 bool
	}{
		"StatefulSet, new":       {statefulSet, "", by("StatefulSet", "db", "o", "controller-revision-hash: new"), true},
		"StatefulSet, old":       {statefulSet, "", by("StatefulSet", "db", "o", "controller-revision-hash: old"), false},
		"StatefulSet, another's": {statefulSet, "", by("StatefulSet", "db", "x", "controller-revision-hash: new"), false},
		"DaemonSet, new":         {daemonSet, "", by("DaemonSet", "d", "o", "pod-template-generation: '2'"), true},
		"DaemonSet, old":         {daemonSet, "", by("DaemonSet", "d", "o", "pod-template-generation: '1'"), false},
		"Deployment, new":        {deployment, "web-2", by("ReplicaSet", "web-2", "r", ""), true},
		"Deployment, old":        {deployment, "web-2", by("ReplicaSet", "web-1", "r", ""), false},
		"Deployment, not known":  {deployment, "", by("ReplicaSet", "web-1", "r", ""), false},
		"Deployment, the first": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: o, generation: 1}}", "",
			by("ReplicaSet", "web-1", "r", ""), true},
		"Deployment, another's": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: o, generation: 1}}", "",
			by("ReplicaSet", "db-1", "r", ""), false},
		"Job":                     {"{apiVersion: batch/v1, kind: Job, metadata: {uid: o}}", "", by("Job", "j", "o", ""), true},
		"a pod of nobody":         {statefulSet, "", "{}", false},
		"the pod that is meant":   {"{apiVersion: v1, kind: Pod, metadata: {uid: o}}", "", "{uid: o}", true},
		"StatefulSet, not looked": {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {uid: o, generation: 3}, status: {observedGeneration: 2, updateRevision: new}}", "", by("StatefulSet", "db", "o", "controller-revision-hash: new"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var pod corev1.Pod
			if err := yaml.Unmarshal([]byte("{metadata: "+c.pod+"}"), &pod); err != nil {
				t.Fatal(err)
			}
			if got := OfCurrentRevision(object(t, c.owner), c.replicas, &pod); got != c.want {
				t.Errorf("OfCurrentRevision() = %t, want %t", got, c.want)
			}
		})
	}
}
