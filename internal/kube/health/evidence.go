package health

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

// defaultGrace is how long another controller may take to provide what is missing
// or to make room, and the scheduler to find a node.
const defaultGrace = 30 * time.Second

// Evidence is everything that tells whether an object can still become ready.
type Evidence struct {
	Owner  *unstructured.Unstructured
	Pods   []*corev1.Pod         // those of its present revision only
	Events map[types.UID][]Event // of the owner and the pods, oldest first; no entry: not read
	// Lost are the nodes that are not ready, as far as they may be read.
	Lost LostNodes
	// ReplicaSetFailure is why the API server refuses the pods of a Deployment's
	// present ReplicaSet; see the function of that name.
	ReplicaSetFailure string
	// Unchanged is whether this run left the object as it found it.
	Unchanged bool
	// PriorFailure is whether a refusal of its pods may date from before this run.
	// The quota behind it may have been raised since, and the controller, which
	// retries with a growing delay, not have tried again.
	PriorFailure bool
	WaitStart    time.Time
	// ImageWait is how long an image that its registry does not have is waited for.
	ImageWait time.Duration
	// CustomResources is whether the release has any. Their controllers may provide
	// a Secret that a pod waits for.
	CustomResources bool
	Grace           time.Duration // 0: 30 s

	now time.Time // of this evaluation
}

func (e Evidence) grace() time.Duration { return cmp.Or(e.Grace, defaultGrace) }

// mayBeStale returns whether a pod's fault may date from before this run, which has
// provided the Secret or the image since: the kubelet retries with a growing delay.
func (e Evidence) mayBeStale(p *corev1.Pod) bool {
	const clockSkew = time.Minute
	return e.Unchanged || p.CreationTimestamp.Time.Before(e.WaitStart.Add(-clockSkew))
}

// fault is one thing that keeps an object from becoming ready.
type fault struct {
	key        string // identifies the fault across evaluations
	pod        types.UID
	occurrence string // changes when the fault recurs
	count      int    // how often it occurred, where events tell; else 0
	reason     string // sanitized
	cause      facts.Cause
	suppressed bool // it does not count in this evaluation, but is recorded
	// permanent means that there is no recovery. Otherwise the fault counts after
	// minOccurrences or minDuration; 0 means that neither number nor time suffices.
	permanent      bool
	minOccurrences int
	minDuration    time.Duration
	// atLeast is how long the fault has to last however often it occurs.
	atLeast time.Duration
	// dependent is whether what the release itself starts may be the cause, so that
	// the fault counts only as Failures (failures.go) says. began is since when its
	// cause would have had to be gone.
	dependent bool
	began     time.Time
}

// What a transient fault has to reach by default.
const (
	transientTime = 3 * time.Second
	// refusalTime is for requests that the API server refuses. Controllers retry
	// these several times within it.
	refusalTime = time.Second
	recurrence  = 2 // occurrences
	// passingTime is for what often passes: a registry that does not answer, and what
	// the kubelet warns of again and again.
	passingTime = time.Minute
)
