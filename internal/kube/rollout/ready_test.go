package rollout

import (
	"fmt"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	doneJob    = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {conditions: [{type: Complete, status: 'True'}]}}"
	runningJob = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {active: 1}}"
	failedJob  = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}}"
	overdue    = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, generation: 1}, spec: {progressDeadlineSeconds: 1}, status: {observedGeneration: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, lastUpdateTime: '%s'}]}}"
)

// targetOf returns a target that was read; "": it does not exist.
func targetOf(t *testing.T, text string) *target {
	t.Helper()
	o := &target{read: true, object: facts.Object{Ref: facts.Ref{Kind: "Job", Name: "j"}}}
	if text != "" {
		o.live = object(t, text)
		o.object.Kind = o.live.GetKind()
	}
	return o
}

func TestReadiness(t *testing.T) {
	for name, c := range map[string]struct {
		object   string
		deleted  bool
		jobs     bool
		want     outcome
		complete bool
	}{
		"a Job runs":                       {runningJob, false, false, satisfied, false},
		"a Job runs, waited for":           {runningJob, false, true, pending, false},
		"a Job is complete":                {doneJob, false, true, satisfied, true},
		"a Job failed":                     {failedJob, false, true, failed, false},
		"a complete Job is deleted":        {doneJob, true, true, satisfied, false},
		"a running Job is deleted":         {runningJob, true, true, pending, false},
		"a Job does not exist":             {"", true, true, pending, false},
		"a deleted Job, not awaited":       {doneJob, true, false, pending, false},
		"an object that just has to exist": {"{apiVersion: v1, kind: ConfigMap}", false, true, satisfied, false},
	} {
		o := targetOf(t, c.object)
		r := readiness{waitForJobs: c.jobs, deadlines: map[*target]string{}}
		if got := r.evaluate(o, c.deleted); got != c.want || o.object.Complete != c.complete {
			t.Errorf("%s: %d, complete %t", name, got, o.object.Complete)
		}
	}
}

// A progress deadline that was exceeded before the wait fails nothing; one that is
// exceeded during the wait does.
func TestReadinessForgivesAnEarlierDeadline(t *testing.T) {
	o := targetOf(t, fmt.Sprintf(overdue, "2026-01-01T00:00:00Z"))
	r := readiness{deadlines: map[*target]string{}}
	for i, c := range []struct {
		time string
		want outcome
	}{{"2026-01-01T00:00:00Z", pending}, {"2026-01-01T00:00:00Z", pending}, {"2026-01-01T00:10:00Z", failed}} {
		o.live = object(t, fmt.Sprintf(overdue, c.time))
		if got := r.evaluate(o, false); got != c.want {
			t.Errorf("evaluation %d: %d", i, got)
		}
	}
}

func TestCompletion(t *testing.T) {
	const pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, uid: u}, status: {phase: %s}}"
	for name, c := range map[string]struct {
		object  string
		uid     string // of the object that was described before
		deleted bool
		want    outcome
		counts  int // as deleted
	}{
		"it runs":                {runningJob, "u", false, pending, 0},
		"it is complete":         {doneJob, "u", false, satisfied, 0},
		"complete, then deleted": {doneJob, "u", true, satisfied, 0},
		"it failed":              {failedJob, "u", false, failed, 0},
		"failed, then deleted":   {failedJob, "u", true, failed, 0},
		"deleted while it ran":   {runningJob, "u", true, satisfied, 1},
		"it does not exist":      {"", "", true, satisfied, 1},
		"made anew":              {runningJob, "v", false, satisfied, 1},
		"a Pod succeeded":        {fmt.Sprintf(pod, "Succeeded"), "", false, satisfied, 0},
		"a Pod failed":           {fmt.Sprintf(pod, "Failed"), "", false, failed, 0},
		"a Pod runs":             {fmt.Sprintf(pod, "Running"), "", false, pending, 0},
	} {
		o := targetOf(t, c.object)
		o.object.UID = c.uid
		evaluation := completion{}
		if got := evaluation.evaluate(o, c.deleted); got != c.want || len(evaluation.deleted) != c.counts {
			t.Errorf("%s: %d, deleted %v", name, got, evaluation.deleted)
		}
	}
}

func TestEvaluateDeletion(t *testing.T) {
	held := "{apiVersion: v1, kind: Pod, metadata: {name: p, uid: u, finalizers: [a/b]}}"
	for name, c := range map[string]struct {
		object, uid string
		deleted     bool
		want        outcome
		reason      string
	}{
		"it exists":         {runningJob, "u", false, pending, "it is still there"},
		"it is held":        {held, "u", false, pending, `it is held by finalizers ["a/b"]`},
		"it is deleted":     {runningJob, "u", true, satisfied, ""},
		"it does not exist": {"", "", false, satisfied, ""},
		"made anew":         {runningJob, "v", false, satisfied, ""},
	} {
		o := targetOf(t, c.object)
		o.object.UID = c.uid
		if got := evaluateDeletion(o, c.deleted); got != c.want || o.object.Reason != c.reason {
			t.Errorf("%s: %d, %q", name, got, o.object.Reason)
		}
	}
}
