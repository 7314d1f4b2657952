package helm

import (
	"maps"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// leavings keep how the objects that an operation wrote still differ from the
// manifest, by the API server's own answers to the writes. It is safe for concurrent
// use.
type leavings struct {
	release ownership.Release
	// accepted is what the deploy before left differing. It is nil where nobody noted
	// that, and empty where nothing is to be accepted.
	accepted facts.Baseline
	adopts   func(facts.Ref) bool // what is the release's although it is marked as another's; nil: nothing
	// sensitive is told of each object as it lives, before it is compared; nil: nobody is.
	sensitive *manifest.Sensitive

	mu       sync.Mutex
	left     facts.Baseline      // what admission made of the writes
	unmended map[facts.Ref]error // objects that could not be brought to the manifest
}

func newLeavings(r ownership.Release, accepted facts.Baseline, told *manifest.Sensitive) *leavings {
	return &leavings{release: r, accepted: accepted, sensitive: told, left: facts.Baseline{}, unmended: map[facts.Ref]error{}}
}

// compare returns how an object differs from the manifest's.
func (l *leavings) compare(want, live *unstructured.Unstructured, scaled contents.Scaled) []facts.Difference {
	l.sensitive.Object(live) // an error that comes may quote it
	return contents.Compare(want, live, l.options(want, scaled)).Differences
}

func (l *leavings) options(want *unstructured.Unstructured, scaled contents.Scaled) contents.Options {
	return contents.Options{Release: l.release, Scaled: scaled.Has(want)}
}

// leave notes how an object differs after its last write.
func (l *leavings) leave(ref facts.Ref, differences []facts.Difference) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.left, ref)
	l.left.Add(ref, differences...)
}

// giveUp notes that an object still differs, and that writing it is what failed.
func (l *leavings) giveUp(ref facts.Ref, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.left, ref)
	l.unmended[ref] = err
}

// baseline returns what was left so far.
func (l *leavings) baseline() facts.Baseline {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.left)
}

// failures returns the objects that could not be brought to the manifest, and why.
func (l *leavings) failures() map[facts.Ref]error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.unmended)
}

// created notes what admission made of objects that were just created.
func (l *leavings) created(wants []*unstructured.Unstructured, list kube.ResourceList) {
	scaled := contents.Autoscaled(wants)
	for i, info := range list {
		switch live := liveOf(info); {
		case live == nil:
		case ownership.IsHook(wants[i].GetAnnotations()):
			l.sensitive.Object(live) // its pods may print what admission has put there
		default:
			l.leave(refOf(info), l.compare(wants[i], live, scaled))
		}
	}
}

// manifests returns copies of the objects of a list, which a write replaces by the
// API server's answers.
func manifests(list kube.ResourceList) []*unstructured.Unstructured {
	out := make([]*unstructured.Unstructured, len(list))
	for i, info := range list {
		out[i] = &unstructured.Unstructured{}
		if o, ok := info.Object.(*unstructured.Unstructured); ok {
			out[i] = o.DeepCopy()
		}
	}
	return out
}

// liveOf returns an object as the API server returned it, or nil where it did not.
func liveOf(info *resource.Info) *unstructured.Unstructured {
	if o, ok := info.Object.(*unstructured.Unstructured); ok && o.GetUID() != "" {
		return o
	}
	return nil
}
