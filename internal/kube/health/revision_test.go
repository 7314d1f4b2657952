package health

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
		"Deployment, another's with a longer name": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: o, generation: 1}}", "",
			by("ReplicaSet", "web-api-1", "r", ""), false},
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

// Labels make no pod a workload's own.
func TestIsPodOf(t *testing.T) {
	by := func(kind, name string, uid types.UID) *corev1.Pod {
		yes := true
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "p", OwnerReferences: []metav1.OwnerReference{
			{Kind: kind, Name: name, UID: uid, Controller: &yes}}}}
	}
	for name, c := range map[string]struct {
		kind string
		pod  *corev1.Pod
		want bool
	}{
		"Deployment":                           {"Deployment", by("ReplicaSet", "web-5d4f8", "r"), true},
		"Deployment, another's":                {"Deployment", by("ReplicaSet", "db-5d4f8", "r"), false},
		"Deployment, of a longer name":         {"Deployment", by("ReplicaSet", "web-api-5d4f8", "r"), false},
		"Deployment, a set of its own name":    {"Deployment", by("StatefulSet", "web-5d4f8", "r"), false},
		"StatefulSet":                          {"StatefulSet", by("StatefulSet", "web", "o"), true},
		"StatefulSet, made anew":               {"StatefulSet", by("StatefulSet", "web", "new"), true},
		"StatefulSet, another's":               {"StatefulSet", by("StatefulSet", "db", "x"), false},
		"Job":                                  {"Job", by("Job", "web", "o"), true},
		"Job, a ReplicaSet's pod":              {"Job", by("ReplicaSet", "web", "x"), false},
		"a pod of nobody with the same labels": {"Deployment", &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, false},
		"the pod that is meant":                {"Pod", &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, true},
	} {
		if got := IsPodOf(c.kind, "web", "o", c.pod); got != c.want {
			t.Errorf("%s: IsPodOf() = %t, want %t", name, got, c.want)
		}
	}
}
