package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// What diagnostics may take and hold.
const (
	diagnoseBudget   = 5 * time.Second
	lateBudget       = 3 * time.Second // when it was the time that ended the wait,
	lateShare        = 8               // and no more than this part of the wait,
	leastBudget      = time.Second     // but never less than this
	ownersDiagnosed  = 10
	symptomsKept     = 5
	eventsKept       = 5
	containersLogged = 5
)

// diagnose asks the pods, the events and the logs why what is left is not ready,
// and adds to each object's reason what its pods say. It has time of its own:
// it runs when ctx is over, too, but then leaves some of what its caller keeps for
// the end. It is best effort; what gives no answer is left out.
func (w *Waiter) diagnose(ctx context.Context, began time.Time, left []*subject) *result.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget(ctx, began))
	defer cancel()
	found := make([][]*symptom, len(left))
	var asks errgroup.Group
	asks.SetLimit(parallelReads)
	for i, s := range left[:min(len(left), ownersDiagnosed)] {
		if s.live == nil {
			continue
		}
		asks.Go(func() error {
			found[i] = w.symptoms(ctx, s)
			return nil
		})
	}
	_ = asks.Wait() // they give no errors
	all := interleave(found)
	all = all[:min(len(all), symptomsKept)]
	w.evidence(ctx, all)
	d := &result.Diagnostics{}
	if len(left) > 0 {
		d.Reason = text.Cut(left[0].object.String()+": "+left[0].object.Reason, 2*health.MaxMessage)
	}
	for _, s := range all {
		d.Symptoms = append(d.Symptoms, s.Symptom)
	}
	return d
}

// budget is how long the reasons may be asked for. A caller with little time keeps
// as little for the end, and has to write its record then.
func budget(ctx context.Context, began time.Time) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok || ctx.Err() == nil {
		return diagnoseBudget
	}
	return min(lateBudget, max(leastBudget, deadline.Sub(began)/lateShare))
}

// symptom is a Symptom on its way.
type symptom struct {
	result.Symptom
	uid        string
	containers []tail
}

// interleave takes one of each before the second of any.
func interleave(lists [][]*symptom) []*symptom {
	var all []*symptom
	for i := 0; ; i++ {
		more := false
		for _, list := range lists {
			if i < len(list) {
				all, more = append(all, list[i]), true
			}
		}
		if !more {
			return all
		}
	}
}

// symptoms are the workload's pods that are not ready, those of its present
// revision and the newest first; without any, it is one itself.
func (w *Waiter) symptoms(ctx context.Context, s *subject) []*symptom {
	pods := w.unwell(ctx, s)
	if len(pods) == 0 {
		return []*symptom{{Symptom: result.Symptom{Ref: s.object.Ref, Reason: text.Cut(s.object.Reason, health.MaxMessage)}, uid: string(s.live.GetUID())}}
	}
	if !strings.Contains(s.object.Reason, "pod "+pods[0].Name+": ") {
		s.object.Reason = strings.TrimPrefix(s.object.Reason+"; "+health.AboutPod(pods[0], health.PodReason(pods[0])), "; ")
	}
	all := make([]*symptom, 0, len(pods))
	for _, p := range pods {
		all = append(all, &symptom{
			Symptom: result.Symptom{
				Ref:    facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name},
				Reason: text.Cut(health.PodReason(p), health.MaxMessage),
			},
			uid: string(p.UID), containers: tails(p),
		})
	}
	return all
}

// unwell are a workload's pods that have a reason not to be ready.
func (w *Waiter) unwell(ctx context.Context, s *subject) []*corev1.Pod {
	if s.live.GetKind() == "Pod" {
		if p, ok := podOf(s.live); ok && health.PodReason(p) != "" {
			return []*corev1.Pod{p}
		}
		return nil
	}
	selector, ok := health.PodSelector(s.live)
	if !ok {
		return nil
	}
	query := metav1.FormatLabelSelector(selector)
	list, err := w.Clientset.CoreV1().Pods(s.live.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: query, Limit: podsListed})
	if err != nil {
		return nil
	}
	replicas := ""
	if s.live.GetKind() == "Deployment" {
		if rs := replicaSet(ctx, w.Clientset, s.live, query); rs != nil {
			replicas = rs.Name
		}
	}
	rank := func(p *corev1.Pod) int {
		if health.OfCurrentRevision(s.live, replicas, p) {
			return 0
		}
		return 1
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		if health.PodReason(&list.Items[i]) != "" {
			pods = append(pods, &list.Items[i])
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return pods
}

// evidence reads the events and the logs of all symptoms at once.
func (w *Waiter) evidence(ctx context.Context, all []*symptom) {
	var asks sync.WaitGroup
	logged := 0
	for _, s := range all {
		asks.Go(func() { s.Events = w.lastEvents(ctx, s) })
		n := min(len(s.containers), containersLogged-logged)
		logged += n
		s.containers = s.containers[:n]
		for i := range s.containers {
			asks.Go(func() { w.readLogs(ctx, s.Namespace, s.Name, &s.containers[i]) })
		}
	}
	asks.Wait()
	for _, s := range all {
		for _, t := range s.containers {
			s.Logs = append(s.Logs, t.logs...)
		}
	}
}

// lastEvents are the last events about an object, one line each.
func (w *Waiter) lastEvents(ctx context.Context, s *symptom) []string {
	list, err := eventsOf(ctx, w.Clientset, s.Namespace, types.UID(s.uid))
	if err != nil {
		return nil
	}
	lines := make([]string, 0, eventsKept)
	last := list[max(0, len(list)-eventsKept):]
	for i := range last {
		e := health.NewEvent(&last[i])
		line := e.Reason + ": " + health.Sanitize(e.Message)
		if e.Count > 1 {
			line += fmt.Sprintf(" (%d times)", e.Count)
		}
		lines = append(lines, line)
	}
	return lines
}
