package rollout

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
)

// remainsTimeout bounds one read of a log that is kept.
const remainsTimeout = 3 * time.Second

// remains is what the pods of a Job leave behind. Kubernetes deletes them as soon as
// the Job has failed where it restarts their containers or has a deadline, and their
// logs with them, so that these are read whenever a container ends or a pod begins to
// be deleted. The zero value is ready for use.
type remains struct {
	mu   sync.Mutex
	pods map[types.UID]*keptPod
	read map[string]bool // the ends that were read, by container and state
}

// keptPod is a pod as it was last seen before its end was over, and its logs.
type keptPod struct {
	pod  *corev1.Pod
	logs map[string]result.LogTail // by container: of the run that ended last
}

// see keeps what there is of a pod that has just changed. Each log is read in a
// goroutine of its own, which run starts.
func (r *remains) see(ctx context.Context, client kubernetes.Interface, p *corev1.Pod, run func(func())) {
	if health.EndReason(p) == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pods == nil {
		r.pods, r.read = map[types.UID]*keptPod{}, map[string]bool{}
	}
	kept := r.pods[p.UID]
	if kept == nil {
		kept = &keptPod{logs: map[string]result.LogTail{}}
		r.pods[p.UID] = kept
	}
	kept.pod = p
	for _, end := range endsOf(p) {
		if r.read[end.id] {
			continue
		}
		r.read[end.id] = true
		run(func() { r.keep(ctx, client, p, end) })
	}
}

// keep reads the log of one end.
func (r *remains) keep(ctx context.Context, client kubernetes.Interface, p *corev1.Pod, end ending) {
	ctx, cancel := context.WithTimeout(ctx, remainsTimeout)
	defer cancel()
	tail := readTail(ctx, client, p.Namespace, p.Name, end.container, end.previous)
	if tail.Error != "" || len(tail.Lines) == 0 || dropped(tail) {
		return
	}
	tail.Previous = false // it was the run that ended last when it was read
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pods[p.UID].logs[end.container] = tail
}

// ending is a run of a container that has ended, or is about to.
type ending struct {
	id        string
	container string
	previous  bool
}

// endsOf returns the last end of each container, and the runs that end with the pod.
func endsOf(p *corev1.Pod) []ending {
	var all []ending
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		before := s.LastTerminationState.Terminated
		switch {
		case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
			all = append(all, ending{s.State.Terminated.ContainerID + "/ended", s.Name, false})
		case s.State.Running != nil && p.DeletionTimestamp != nil:
			all = append(all, ending{s.ContainerID + "/ending", s.Name, false})
		case before != nil && before.ExitCode != 0 && before.ContainerID != "":
			all = append(all, ending{before.ContainerID + "/ended", s.Name, true})
		}
	}
	return all
}

// symptoms returns the pods that were kept, the newest first, but for those that are
// known.
func (r *remains) symptoms(known []*symptom) []*symptom {
	r.mu.Lock()
	defer r.mu.Unlock()
	pods := slices.SortedFunc(maps.Values(r.pods), func(a, b *keptPod) int {
		return cmp.Or(b.pod.CreationTimestamp.Compare(a.pod.CreationTimestamp.Time), strings.Compare(a.pod.Name, b.pod.Name))
	})
	var all []*symptom
	for _, kept := range pods {
		if slices.ContainsFunc(known, func(s *symptom) bool { return s.uid == kept.pod.UID }) {
			continue
		}
		s := newSymptom(kept.pod, health.EndReason(kept.pod))
		s.containers = nil
		all = append(all, s)
	}
	return all
}

// logsOf returns the logs that were kept of a pod, by container.
func (r *remains) logsOf(pod types.UID) []result.LogTail {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pods[pod] == nil {
		return nil
	}
	var all []result.LogTail
	for _, name := range slices.Sorted(maps.Keys(r.pods[pod].logs)) {
		all = append(all, r.pods[pod].logs[name])
	}
	return all
}
