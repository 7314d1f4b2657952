package health

import (
	"strings"
	"testing"
)

// A workload whose roll-out waits for somebody is ready, and not without a word: what
// runs may be an earlier revision.
func TestHeldBack(t *testing.T) {
	const (
		bare   = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, generation: 1}, spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1, "
		set    = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, generation: 2}, spec: {replicas: 3, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 3, readyReplicas: 3, "
		daemon = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, generation: 2}, spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2, "
	)
	for name, c := range map[string]struct {
		object string
		remark Remark
	}{
		"paused": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: w, generation: 2}, spec: {paused: true}, status: {observedGeneration: 1}}",
			Remark{Warning: true, Text: "it is paused: what is changed of its pods is not rolled out before somebody resumes it"}},
		"a StatefulSet by hand": {set + "updatedReplicas: 1}}",
			Remark{Text: "2 of 3 pods are of an earlier revision: with OnDelete whoever deletes one has it replaced"}},
		"all by hand": {set + "updatedReplicas: 3}}", Remark{}},
		"a DaemonSet by hand": {daemon + "updatedNumberScheduled: 0}}",
			Remark{Text: "2 of 2 pods are of an earlier revision: with OnDelete whoever deletes one has it replaced"}},
		"all of them": {daemon + "updatedNumberScheduled: 2}}", Remark{}},
	} {
		if r := Ready(object(t, c.object)); !r.Ready || r.Remark != c.remark {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for name, c := range map[string]struct{ object, reason string }{
		"not made yet":              {bare + "replicas: 0}}", "Ready: 0/2"},
		"its first pod crashes":     {bare + "replicas: 1, updatedReplicas: 1}}", "Ready: 0/2"},
		"a deleted pod is not back": {bare + "replicas: 2, updatedReplicas: 1, readyReplicas: 0}}", "Ready: 0/2"},
		"a DaemonSet's new pods": {strings.Replace(daemon, "numberReady: 2", "numberReady: 0", 1) + "updatedNumberScheduled: 2}}",
			"Ready: 0/2"},
	} {
		if r := Ready(object(t, c.object)); r.Ready || r.Reason != c.reason {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
