package rollout

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// evidence are all that tells whether an object can still become ready.
type evidence struct {
	owner  *unstructured.Unstructured
	pods   []*corev1.Pod // of its present revision: those of the one before say nothing
	events map[types.UID][]happening
	// refused is why the pods of a Deployment's present ReplicaSet are not let be
	// made, as that says.
	refused string
	// unchanged says that the object stands as an earlier run left it: a quota that
	// refused its pods then may have been raised, and its controller, which tries
	// ever more rarely, not have tried since.
	unchanged bool
	// before says that it stands as an earlier run left it, even if that has
	// stopped to tell of a refusal.
	before bool
	began  time.Time // the wait
	// others says that something else of the release still starts, which a
	// container that crashes may be in need of.
	others bool
	// operators says that the release has custom resources: a controller may
	// bring the Secret that a pod waits for.
	operators bool
	grace     time.Duration // see patience; zero: what it is by default
}

// patience is how long what another controller may still bring, or make room for,
// is waited for, and a node for a pod.
func (f evidence) patience() time.Duration { return cmp.Or(f.grace, 30*time.Second) }

// longBefore is how much older than the wait a pod is that this run did not bring
// about, by clocks that differ.
const longBefore = time.Minute

// inherited says that a pod may tell of what was amiss before this run, which
// brought the Secret or the image: its node looks again ever more rarely.
func (f evidence) inherited(p *corev1.Pod) bool {
	return f.before || p.CreationTimestamp.Time.Before(f.began.Add(-longBefore))
}

// happening is an event, or a row of the same.
type happening struct {
	Reason  string
	Message string
	Count   int
	Last    time.Time
	// Fresh says that it is about the object as it is, and not about what it was
	// before this wait.
	Fresh bool
}

// fault is one thing that keeps an object from becoming ready.
type fault struct {
	key    string // what makes it the same fault at the next look
	mark   string // what changes when it strikes again
	count  int    // how often it struck, where that is told; else marks are counted
	reason string
	quiet  bool // not at this moment; it is kept in mind
	// final says that there is no recovery. Otherwise it takes that many strikes,
	// or that it lasts so long; zero of either means that no number is enough.
	final   bool
	strikes int
	lasts   time.Duration
}

// sighting is a fault as it was seen over time.
type sighting struct {
	since  time.Time
	mark   string
	struck int
	passed bool // it was not there at the last look
}

// hopeless says why an object cannot become ready, or nothing as long as it may.
// It takes what was seen of its faults before and gives what is to be kept: a
// fault that can pass is one only if it strikes twice, or lasts.
func hopeless(f evidence, before map[string]sighting, now time.Time) (because string, after map[string]sighting) {
	after = make(map[string]sighting, len(before))
	for key, s := range before {
		s.passed = true
		after[key] = s
	}
	for _, x := range faultsOf(f) {
		s, known := before[x.key]
		switch {
		case !known:
			s = sighting{since: now, mark: x.mark, struck: 1}
		case s.passed:
			s = sighting{since: now, mark: x.mark, struck: s.struck + 1}
		case s.mark != x.mark:
			s.mark = x.mark
			s.struck++
		}
		s.struck = max(s.struck, x.count)
		after[x.key] = s
		enough := x.final || x.strikes > 0 && s.struck >= x.strikes || x.lasts > 0 && now.Sub(s.since) >= x.lasts
		if because == "" && enough && !x.quiet {
			because = x.reason
		}
	}
	return because, after
}

// How long what can pass has to last.
const (
	steady = 3 * time.Second
	// briefly is for what is refused outright, as by a quota: it is asked for again
	// and again within this time.
	briefly = time.Second
	// strikesTwice is enough of what can pass.
	strikesTwice = 2
	// manyRestarts is how often a container may crash while something else of the
	// release still starts.
	manyRestarts = 5
)

// faultsOf are the faults that can be seen right now.
func faultsOf(f evidence) []fault {
	all := ownerFaults(f)
	for _, p := range f.pods {
		all = append(all, podFaults(f, p)...)
	}
	return all
}
