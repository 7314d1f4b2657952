package rollout

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// What a diagnosis may take and hold.
const (
	diagnoseTimeout  = 5 * time.Second // after a failure
	lateTimeout      = 3 * time.Second // after a timeout, but
	lateShare        = 8               // no more than this part of the wait, and
	minTimeout       = time.Second     // no less than this
	ownersDiagnosed  = 10
	podsListed       = 100
	symptomsKept     = 5
	eventsKept       = 5
	containersLogged = 5
)

// diagnoser collects pods, events and logs of objects that are not as they were
// waited for.
type diagnoser struct {
	client kubernetes.Interface
	seen   func(*unstructured.Unstructured) // see Waiter.Seen
}

// see tells of a pod that was listed.
func (d diagnoser) see(p *corev1.Pod) {
	if d.seen == nil {
		return
	}
	if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(p); err == nil {
		d.seen(&unstructured.Unstructured{Object: content})
	}
}

// Diagnose finds out why objects that were observed are not ready, and returns nil where
// that cannot be told. It runs also when ctx has ended.
func (w *Waiter) Diagnose(ctx context.Context, unready []facts.Object) *result.Diagnostics {
	refs := make([]facts.Ref, len(unready))
	for i, o := range unready {
		refs[i] = o.Ref
	}
	targets, err := w.targets(ByName(refs))
	if err != nil {
		return nil
	}
	start := time.Now()
	reads, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateTimeout)
	defer cancel()
	readAll(reads, targets)
	for _, t := range targets {
		i := slices.IndexFunc(unready, func(o facts.Object) bool { return o.Kind == t.object.Kind && o.Name == t.object.Name })
		t.object = unready[i]
	}
	d := w.diagnoser().diagnose(ctx, start, targets)
	for _, t := range targets {
		d.Objects = append(d.Objects, t.object)
	}
	d.Faults = faultsOf(targets, false)
	return d
}

// diagnose returns the reason of the first target and symptoms of the first few,
// and adds to each target's reason that of its first pod. It has a timeout of its
// own and runs also when ctx has ended. What cannot be read is left out. start is
// that of the wait.
func (d diagnoser) diagnose(ctx context.Context, start time.Time, targets []*target) *result.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeoutFor(ctx, start))
	defer cancel()
	found := make([][]*symptom, len(targets))
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, t := range targets[:min(len(targets), ownersDiagnosed)] {
		if t.live == nil {
			continue
		}
		reads.Go(func() error {
			found[i] = d.symptoms(ctx, t)
			return nil
		})
	}
	_ = reads.Wait() // they return no errors
	all := interleave(found)
	all = all[:min(len(all), symptomsKept)]
	d.addEvidence(ctx, all)
	diagnostics := &result.Diagnostics{}
	if len(targets) > 0 {
		diagnostics.Reason = text.Cut(targets[0].object.String()+": "+targets[0].object.Reason, 2*health.MaxMessage)
	}
	for _, s := range all {
		diagnostics.Symptoms = append(diagnostics.Symptoms, s.Symptom)
	}
	explain(targets, all)
	return diagnostics
}

// timeoutFor returns how long a diagnosis may take. After a timeout it is shorter,
// for a short wait even more so, since the caller keeps as little time to store its
// record.
func timeoutFor(ctx context.Context, start time.Time) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok || ctx.Err() == nil {
		return diagnoseTimeout
	}
	return min(lateTimeout, max(minTimeout, deadline.Sub(start)/lateShare))
}

// symptom is a result.Symptom that is being filled in.
type symptom struct {
	result.Symptom
	uid        types.UID
	target     *target
	pod        *corev1.Pod    // nil: it is the object itself
	events     []health.Event // of that, oldest first
	containers []containerLog
	remains    *remains // of its Job; nil: it is of none
}

func newSymptom(p *corev1.Pod, reason string) *symptom {
	return &symptom{
		Symptom: result.Symptom{
			Ref:    facts.Ref{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name},
			Reason: text.Cut(reason, health.MaxMessage),
		},
		uid: p.UID, pod: p, containers: containerLogs(p),
	}
}

// interleave returns the first of each list, then the second of each, and so on.
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

// symptoms returns a workload's unready pods, those of its present revision and the
// newest first, and those that a Job has had. Where there are none, the object itself
// is the symptom.
func (d diagnoser) symptoms(ctx context.Context, t *target) []*symptom {
	var all []*symptom
	for _, p := range d.unreadyPods(ctx, t) {
		all = append(all, newSymptom(p, reasonOf(t, p)))
	}
	if t.isJob() {
		all = append(all, t.remains.symptoms(all)...)
		for _, s := range all {
			s.remains = &t.remains
		}
	}
	for _, s := range all {
		s.target = t
	}
	if len(all) == 0 {
		return []*symptom{{Symptom: result.Symptom{Ref: t.object.Ref, Reason: text.Cut(t.object.Reason, health.MaxMessage)},
			uid: t.live.GetUID(), target: t}}
	}
	if about := "pod " + all[0].Name + ": "; !strings.Contains(t.object.Reason, about) {
		t.object.Reason = strings.TrimPrefix(t.object.Reason+"; "+about+all[0].Reason, "; ")
	}
	return all
}

// reasonOf returns why a pod of a target is not ready, or "". A Job's pods that are
// being deleted count: with the Job's failure they go.
func reasonOf(t *target, p *corev1.Pod) string {
	if t.isJob() && p.DeletionTimestamp != nil {
		return health.EndReason(p)
	}
	return health.PodReason(p)
}

// unreadyPods returns a workload's pods, or the pod itself, as far as they have a
// reason not to be ready.
func (d diagnoser) unreadyPods(ctx context.Context, t *target) []*corev1.Pod {
	if t.live.GetKind() == "Pod" {
		if p, ok := toPod(t.live); ok && health.PodReason(p) != "" {
			if d.seen != nil {
				d.seen(t.live)
			}
			return []*corev1.Pod{p}
		}
		return nil
	}
	selector, ok := health.PodSelector(t.live)
	if !ok {
		return nil
	}
	query := metav1.FormatLabelSelector(selector)
	list, err := d.client.CoreV1().Pods(t.live.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: query, Limit: podsListed})
	if err != nil {
		return nil
	}
	replicaSet := ""
	if t.live.GetKind() == "Deployment" {
		if rs := currentReplicaSet(ctx, d.client, t.live, query); rs != nil {
			replicaSet = rs.Name
		}
	}
	rank := func(p *corev1.Pod) int {
		if health.OfCurrentRevision(t.live, replicaSet, p) {
			return 0
		}
		return 1
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		if p := &list.Items[i]; t.isPodOf(p) && reasonOf(t, p) != "" {
			d.see(p)
			pods = append(pods, p)
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return pods
}
