package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

// probe reads what informers do not show of one target. It runs while the wait goes
// on: it has a copy of what changes. owner and baseline are shared and never changed.
type probe struct {
	owner       *unstructured.Unstructured
	resource    dynamic.ResourceInterface // of the owner
	events      []types.UID               // the objects whose events are read
	replicaSets string                    // the selector of a Deployment's ReplicaSets; "": not read
	known       replicaSet
	claims      []podClaim
	podSelector string   // ""; it has no pods, or is one
	reread      bool     // the owner and its pods are read again
	nodes       []string // those of pods that are not ready
	allNodes    bool     // a pod may wait for one that is not ready
	// created is whether this run made the owner, so that all of its events are
	// current. Otherwise an event is current if it has occurred since the baseline.
	created  bool
	baseline map[types.UID]int // nil: this is the first probe
}

// findings are what a probe read. What could not be read is missing.
type findings struct {
	owner      types.UID
	events     map[types.UID][]health.Event
	counts     map[types.UID]int // how often each event had occurred, by its own UID
	replicaSet replicaSet
	lost       health.LostNodes
	reread     *reread // nil: it was not asked for
}

// replicaSet is what is known of the ReplicaSet of a Deployment's present revision.
type replicaSet struct {
	name     string // "": not known
	revision string // of the Deployment when it was found
	failure  string // see health.ReplicaSetFailure
}

// podClaim is a claim that may keep a pod from being scheduled.
type podClaim struct {
	pod   types.UID
	name  string
	since time.Time // the pod's creation; older events concern another pod
}

// run makes the requests. It returns no error: what is denied or fails is missing
// in the findings.
func (p probe) run(ctx context.Context, client kubernetes.Interface) findings {
	f := p.emptyFindings()
	if p.replicaSets != "" {
		if rs := currentReplicaSet(ctx, client, p.owner, p.replicaSets); rs != nil {
			f.replicaSet = replicaSet{rs.Name, health.Revision(p.owner), health.ReplicaSetFailure(rs)}
		}
	}
	for _, uid := range p.events {
		list, err := eventsOf(ctx, client, p.owner.GetNamespace(), uid)
		if err != nil {
			continue
		}
		f.events[uid] = p.classify(list, f.counts)
	}
	for _, c := range p.claims {
		if events, read := f.events[c.pod]; read {
			f.events[c.pod] = append(events, c.events(ctx, client, p.owner.GetNamespace())...)
		}
	}
	f.lost = lostNodes(ctx, client, p.nodes, p.allNodes)
	if p.reread {
		f.reread = p.readAgain(ctx, client)
	}
	return f
}

func (p probe) emptyFindings() findings {
	return findings{
		owner: p.owner.GetUID(), replicaSet: replicaSet{name: p.known.name, revision: p.known.revision},
		events: map[types.UID][]health.Event{}, counts: map[types.UID]int{},
	}
}

// classify converts events, sets which of them are current, and stores in counts
// how often each has occurred.
func (p probe) classify(list []corev1.Event, counts map[types.UID]int) []health.Event {
	all := make([]health.Event, 0, len(list))
	for i := range list {
		e := health.NewEvent(&list[i])
		uid := list[i].UID
		counts[uid] = e.Count
		before, known := p.baseline[uid]
		e.Current = p.created || p.baseline != nil && (!known || e.Count > before)
		all = append(all, e)
	}
	return all
}

// events returns the events of the claim since the pod was created. The claims of
// a StatefulSet are no objects of the release, so that nothing else reads these.
func (c podClaim) events(ctx context.Context, client kubernetes.Interface, namespace string) []health.Event {
	list, err := listEvents(ctx, client, namespace, fields.AndSelectors(
		fields.OneTermEqualSelector("involvedObject.kind", "PersistentVolumeClaim"),
		fields.OneTermEqualSelector("involvedObject.name", c.name),
	))
	if err != nil {
		return nil
	}
	var all []health.Event
	for i := range list {
		if e := health.NewEvent(&list[i]); !e.Last.Before(c.since) {
			e.Message = "claim " + c.name + ": " + e.Message
			all = append(all, e)
		}
	}
	return all
}

// reread is the owner and its pods as they were read past the informers.
type reread struct {
	owner    *unstructured.Unstructured // nil: it could not be read
	pods     map[string]*corev1.Pod     // by name; nil: they could not be listed, or there are none to list
	version  uint64                     // the resource version of their list
	complete bool                       // every request was answered, be it by a denial
	denied   bool                       // one was denied
}

func (p probe) readAgain(ctx context.Context, client kubernetes.Interface) *reread {
	r := &reread{}
	live, err := p.resource.Get(ctx, p.owner.GetName(), metav1.GetOptions{})
	switch {
	case err == nil:
		r.owner = live
	case apierrors.IsForbidden(err):
		r.denied = true
	default:
		return r
	}
	if p.podSelector == "" {
		r.complete = true
		return r
	}
	list, err := client.CoreV1().Pods(p.owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: p.podSelector})
	if err != nil {
		r.complete = apierrors.IsForbidden(err)
		r.denied = r.denied || r.complete
		return r
	}
	r.pods, r.version, r.complete = make(map[string]*corev1.Pod, len(list.Items)), versionOf(list), true
	for i := range list.Items {
		if pod := &list.Items[i]; health.IsPodOf(p.owner.GetKind(), p.owner.GetName(), p.owner.GetUID(), pod) {
			r.pods[pod.Name] = trimPod(pod)
		}
	}
	return r
}
