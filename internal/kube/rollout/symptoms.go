package rollout

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// addEvidence reads the events and logs of all symptoms at once.
func (d diagnoser) addEvidence(ctx context.Context, all []*symptom) {
	var reads sync.WaitGroup
	logged := 0
	for _, s := range all {
		reads.Go(func() { s.Events = d.lastEvents(ctx, s) })
		n := min(len(s.containers), containersLogged-logged)
		logged += n
		s.containers = s.containers[:n]
		for i := range s.containers {
			reads.Go(func() { s.containers[i].read(ctx, d.client, s.Namespace, s.Name) })
		}
	}
	reads.Wait()
	for _, s := range all {
		if s.pod != nil {
			s.Cause = s.cause()
		}
		if why := s.reason(); why != "" {
			s.Reason = text.Cut(why, health.MaxMessage)
		}
		for _, c := range s.containers {
			s.Logs = append(s.Logs, c.tails...)
		}
		s.addRemains()
	}
}

// cause returns the cause of what a pod shows. One of a Job may run again, or be about to
// be deleted.
func (s *symptom) cause() facts.Cause {
	if s.remains != nil {
		if ended := health.EndCause(s.pod); ended.Kind != "" {
			return ended
		}
	}
	return health.PodCause(s.pod, s.events, s.target.lost)
}

// reason returns why a pod is not ready, with what its events tell; "" where that is told
// otherwise.
func (s *symptom) reason() string {
	if s.pod == nil || s.remains != nil {
		return ""
	}
	return health.ExplainPod(s.pod, s.events)
}

// addRemains adds the logs that were kept where none can be read any more.
func (s *symptom) addRemains() {
	readable := func(tail result.LogTail) bool { return tail.Error == "" && len(tail.Lines) > 0 }
	if s.remains == nil || slices.ContainsFunc(s.Logs, readable) {
		return
	}
	if kept := s.remains.logsOf(s.uid); len(kept) > 0 {
		s.Logs = kept
	}
}

// lastEvents returns the last events of a symptom's object, one line each, and keeps all
// of them.
func (d diagnoser) lastEvents(ctx context.Context, s *symptom) []string {
	list, err := eventsOf(ctx, d.client, s.Namespace, s.uid)
	if err != nil {
		return nil
	}
	lines := make([]string, 0, eventsKept)
	last := list[max(0, len(list)-eventsKept):]
	for i := range list {
		s.events = append(s.events, health.NewEvent(&list[i]))
	}
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
