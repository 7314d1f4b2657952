package rollout

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

const (
	// podsAsked bounds how many pods of one workload are asked about, or listed.
	podsAsked    = 3
	podsListed   = 100
	eventsListed = 50
)

// question is what is to be found out about one object, apart from what the
// watches bring.
type question struct {
	owner    *unstructured.Unstructured
	about    []types.UID // whose events to read
	selector string      // of a Deployment whose ReplicaSet is to be seen
	claims   []claim     // that pods wait for
	resource dynamic.ResourceInterface
	pods     string            // their selector; empty without
	again    bool              // whether to look at the object and its pods, too
	fresh    bool              // the owner was made by this run: so were its events
	counts   map[types.UID]int // of the first question, which nobody changes; nil: this is it
	answer   answer
}

// question copies what it needs: it is asked on another goroutine.
func (p *patient) question() question {
	live := p.subject.live
	q := question{
		owner: live, resource: p.subject.resource, again: p.suspect,
		fresh: live.GetGeneration() <= 1 && !p.subject.unchanged, counts: p.counts,
		answer: answer{of: p, owner: live.GetUID(), counts: map[types.UID]int{}, replicas: p.replicas, revision: p.revision},
	}
	q.answer.events = map[types.UID][]health.Event{}
	if p.selector != nil {
		q.pods = p.takes.String()
	}
	if live.GetKind() == "Deployment" {
		if p.stale() || p.refusal() {
			q.selector = p.takes.String()
		}
	} else if live.GetKind() != "Pod" {
		q.about = append(q.about, live.GetUID())
	}
	pods := 0
	for _, name := range slices.Sorted(maps.Keys(p.pods)) {
		pod := p.pods[name]
		if pods < podsAsked && !health.PodStarted(pod) {
			pods++
			q.about = append(q.about, pod.UID)
			q.claims = append(q.claims, unboundClaims(pod)...)
		}
	}
	return q
}

// ask asks the API server. What is not answered, or not allowed, stays unknown.
func (q question) ask(ctx context.Context, client kubernetes.Interface) answer {
	if q.selector != "" {
		q.answer.revision = health.Revision(q.owner)
		if rs := replicaSet(ctx, client, q.owner, q.selector); rs != nil {
			q.answer.replicas, q.answer.refused = rs.Name, health.ReplicaSetFailure(rs)
		}
	}
	for _, uid := range q.about {
		list, err := eventsOf(ctx, client, q.owner.GetNamespace(), uid)
		if err != nil {
			continue
		}
		q.answer.events[uid] = q.happenings(list)
	}
	for _, c := range q.claims {
		if events, read := q.answer.events[c.pod]; read {
			q.answer.events[c.pod] = append(events, c.ask(ctx, client, q.owner.GetNamespace())...)
		}
	}
	if q.again {
		q.answer.again = q.look(ctx, client)
	}
	return q.answer
}

// happenings reads events, those about the owner with whether they are about it
// as it is now. Of an owner that was there before, an event counts only when it
// came again since the first question: until then it may be about what was mended.
func (q question) happenings(list []corev1.Event) []health.Event {
	all := make([]health.Event, 0, len(list))
	for i := range list {
		e := &list[i]
		h := health.NewEvent(e)
		first, known := q.counts[e.UID]
		q.answer.counts[e.UID] = h.Count
		h.Current = q.fresh || q.counts != nil && (!known || h.Count > first)
		all = append(all, h)
	}
	return all
}

// eventsOf are the events about one object, oldest first.
func eventsOf(ctx context.Context, client kubernetes.Interface, namespace string, uid types.UID) ([]corev1.Event, error) {
	return eventsBy(ctx, client, namespace, fields.OneTermEqualSelector("involvedObject.uid", string(uid)))
}

// eventsBy are the events that a selector takes, oldest first.
func eventsBy(ctx context.Context, client kubernetes.Interface, namespace string, selector fields.Selector) ([]corev1.Event, error) {
	list, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: selector.String(), Limit: eventsListed})
	if err != nil {
		return nil, err
	}
	health.SortEvents(list.Items)
	return list.Items, nil
}
