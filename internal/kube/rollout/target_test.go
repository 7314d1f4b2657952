package rollout

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The watch of several objects may replay the past of one, and that of an object
// that had its name before.
func TestUpdateIgnoresThePast(t *testing.T) {
	version := func(uid, version string) *unstructured.Unstructured {
		return object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: "+uid+", resourceVersion: '"+version+"'}}")
	}
	target := &target{live: version("new", "20"), read: true}
	for _, c := range []struct {
		uid, version string
		updated      bool
	}{{"new", "19", false}, {"old", "10", false}, {"new", "20", true}, {"newer", "30", true}} {
		if updated := target.update(version(c.uid, c.version)); updated != c.updated {
			t.Errorf("update(%s in %s) = %t", c.uid, c.version, updated)
		}
	}
}

// A refusal counts again once the Deployment has stopped to report one.
func TestUpdateClearsThePriorFailure(t *testing.T) {
	failing := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, status: {conditions: [{type: ReplicaFailure, status: 'True'}]}}"
	healthy := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, status: {}}"
	target := &target{live: object(t, failing), read: true, unchanged: true, priorFailure: true}
	for _, c := range []struct {
		object string
		want   bool
	}{{failing, true}, {healthy, false}, {failing, false}} {
		target.update(object(t, c.object))
		if target.priorFailure != c.want || !target.unchanged {
			t.Errorf("after %s: prior failure %t, unchanged %t", c.object, target.priorFailure, target.unchanged)
		}
	}
}

func TestIsCustom(t *testing.T) {
	for group, want := range map[string]bool{"": false, "apps": false, "networking.k8s.io": false, "sim.example": true} {
		target := &target{source: source{resource: schema.GroupVersionResource{Group: group}}}
		if got := target.isCustom(); got != want {
			t.Errorf("%q: %t", group, got)
		}
	}
}
