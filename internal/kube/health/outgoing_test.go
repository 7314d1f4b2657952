package health

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestOldPod(t *testing.T) {
	now := metav1.Now()
	ending := func(name, node string, grace *int64) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, DeletionTimestamp: &now, DeletionGracePeriodSeconds: grace},
			Spec: corev1.PodSpec{NodeName: node}}
	}
	stays := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-0"}}
	lost := LostNodes{"node-2": "node node-2 is not ready: NodeStatusUnknown"}
	const (
		surging  = "{kind: DaemonSet, spec: {updateStrategy: {rollingUpdate: {maxSurge: 1}}}}"
		inPlace  = "{kind: DaemonSet, spec: {updateStrategy: {rollingUpdate: {maxSurge: 0}}}}"
		rolling  = "{kind: Deployment, spec: {strategy: {type: RollingUpdate}}}"
		recreate = "{kind: Deployment, spec: {strategy: {type: Recreate}}}"
	)
	for name, c := range map[string]struct {
		owner string
		pods  []*corev1.Pod
		want  string
	}{
		"Recreate": {recreate, []*corev1.Pod{stays, ending("web-1", "", new(int64(15)))},
			"old pod web-1 has to end first, for which it has 15 s"},
		"no time left": {recreate, []*corev1.Pod{ending("web-1", "", new(int64(0)))}, "old pod web-1 has to end first"},
		"on a dead node": {recreate, []*corev1.Pod{ending("web-1", "node-2", nil)},
			"old pod web-1 has to end first: node node-2 is not ready: NodeStatusUnknown"},
		"none ends":          {recreate, []*corev1.Pod{stays}, ""},
		"rolling":            {rolling, []*corev1.Pod{ending("web-1", "", nil)}, ""},
		"StatefulSet":        {"{kind: StatefulSet}", []*corev1.Pod{ending("db-1", "", nil)}, "old pod db-1 has to end first"},
		"DaemonSet":          {inPlace, []*corev1.Pod{ending("a-1", "", nil)}, "old pod a-1 has to end first"},
		"DaemonSet, surging": {surging, []*corev1.Pod{ending("a-1", "", nil)}, ""},
		"Job":                {"{kind: Job}", []*corev1.Pod{ending("j-1", "", nil)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod, got := OldPod(object(t, c.owner), c.pods, lost)
			if got != c.want || (pod != nil) != (c.want != "") {
				t.Errorf("OldPod() = %v, %q, want %q", pod, got, c.want)
			}
		})
	}
}
