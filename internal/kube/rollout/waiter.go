package rollout

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
)

// Waiter waits for objects by watching them. It watches only what is not ready
// yet, from the resource version that was seen last. It falls back to lists, and
// then to single reads, where watching is not allowed.
//
// The zero value of each option is valid. A Waiter can be used for several waits,
// also at the same time.
type Waiter struct {
	Clients
	// Release is part of the label values by which the release's objects can be
	// told from those of other releases in a shared namespace. With "", any label
	// that all objects have will do.
	Release      string
	OwnNamespace bool // no other release uses the namespace: whole kinds may be watched in it
	WaitForJobs  bool // WaitForReady waits until Jobs are complete
	FailFast     bool // WaitForReady ends as soon as an object cannot become ready
	// Patience is how long WaitForReady watches what gives no other sign that it is
	// well: a Job that runs, a custom resource of which its controller has said nothing
	// yet.
	Patience time.Duration
	// Settle is how long a container that has no readiness probe, or that restarted, has
	// to run before WaitForReady takes it for ready.
	Settle    time.Duration
	ImageWait time.Duration // how long an image that is missing is waited for
	Ignore    []string      // what WaitForReady does not wait for; see facts.Ref.Matches
	Observer  Observer      // nil: none
	// Seen is told of each pod as it lives, before anything of it is shown; nil: nobody is.
	Seen func(*unstructured.Unstructured)

	grace time.Duration // of health.Evidence; for tests
}

// Ignored returns the names of the objects that WaitForReady does not wait for.
func (w *Waiter) Ignored(applied manifest.Objects) (names []string) {
	for _, u := range applied {
		if ref := manifest.RefOf(u); w.ignores(ref) {
			names = append(names, ref.In(w.Namespace))
		}
	}
	return names
}

// ignores returns whether an object is not waited for. The definition of a kind always
// is: nothing of the kind can be made before.
func (w *Waiter) ignores(ref facts.Ref) bool {
	return ref.Kind != "CustomResourceDefinition" && slices.ContainsFunc(w.Ignore, ref.Matches)
}

// diagnoser returns the waiter's diagnoser.
func (w *Waiter) diagnoser() diagnoser { return diagnoser{w.Clientset, w.Seen} }

// Clients are what a wait reads the cluster with. They must not stop working when
// the context of the wait ends: reasons are collected after that.
type Clients struct {
	Clientset kubernetes.Interface // not used by WaitForDelete
	Dynamic   dynamic.Interface
	Mapper    meta.RESTMapper
	Namespace string // of namespaced objects that name none
}

// Observer follows one wait. Its methods are called by the goroutine of the wait,
// which goes on only when they return.
type Observer interface {
	// Begin is called first, with all that is waited for, also with what is
	// satisfied already.
	Begin(all []facts.Awaited)
	// Update is called with each change of an object.
	Update(facts.Awaited)
	// End is called last.
	End()
}
