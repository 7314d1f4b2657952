package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	doneJob      = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {conditions: [{type: Complete, status: 'True'}]}}"
	runningJob   = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {active: 1, ready: 1}}"
	pendingJob   = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {active: 1}}"
	suspendedJob = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, spec: {suspend: true}, status: {}}"
	apiService   = "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.a.b}, status: {conditions: [{type: Available, status: '%s'}]}}"
	failedJob    = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}}"
	overdue      = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, generation: 1}, spec: {progressDeadlineSeconds: 1}, status: {observedGeneration: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, lastUpdateTime: '%s'}]}}"
)

// targetOf returns a target that was read; "": it does not exist.
func targetOf(t *testing.T, text string) *target {
	t.Helper()
	o := &target{read: true, object: facts.Object{Ref: facts.Ref{Kind: "Job", Name: "j"}}}
	if text != "" {
		o.live = object(t, text)
		o.object.Kind = o.live.GetKind()
		o.source.resource.Group = o.live.GroupVersionKind().Group
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
		"a Job has no pod yet":    {pendingJob, false, false, pending, false},
		"a Job runs":              {runningJob, false, false, provisional, false},
		"a Job is suspended":      {suspendedJob, false, false, provisional, false},
		"a Job runs, waited for":  {runningJob, false, true, pending, false},
		"a Job is complete":       {doneJob, false, true, satisfied, true},
		"a Job failed":            {failedJob, false, false, failed, false},
		"a Job is about to fail":  {strings.Replace(failedJob, "type: Failed", "type: FailureTarget", 1), false, false, failed, false},
		"a failed Job is deleted": {failedJob, true, false, failed, false},
		"a complete Job is being deleted": {strings.Replace(doneJob, "uid: u", "uid: u, deletionTimestamp: '2026-01-01T00:00:00Z'", 1),
			false, false, satisfied, true},
		"a running Job is being deleted": {strings.Replace(runningJob, "uid: u", "uid: u, deletionTimestamp: '2026-01-01T00:00:00Z'", 1),
			false, false, pending, false},
		"a complete Job is deleted":   {doneJob, true, true, satisfied, true},
		"a running Job is deleted":    {runningJob, true, true, pending, false},
		"a Job does not exist":        {"", true, true, pending, false},
		"the same, that may just run": {doneJob, true, false, satisfied, true},
		"a custom resource is ready": {"{apiVersion: a.b/v1, kind: A, status: {conditions: [{type: Ready, status: 'True'}]}}", false,
			false, provisional, false},
		"a custom resource is not": {"{apiVersion: a.b/v1, kind: A, status: {conditions: [{type: Ready, status: 'False'}]}}", false,
			false, pending, false},
		"an APIService is available":       {fmt.Sprintf(apiService, "True"), false, false, satisfied, false},
		"an APIService is not":             {fmt.Sprintf(apiService, "False"), false, false, provisional, false},
		"an object that just has to exist": {"{apiVersion: v1, kind: ConfigMap}", false, true, satisfied, false},
	} {
		o := targetOf(t, c.object)
		r := readiness{waitForJobs: c.jobs, patience: time.Second, before: map[*target]string{}}
		if got := r.evaluate(o, c.deleted); got != c.want || o.object.Complete != c.complete {
			t.Errorf("%s: %d, complete %t", name, got, o.object.Complete)
		}
	}
}

// A progress deadline that was exceeded before the wait fails nothing; one that is
// exceeded during the wait does.
func TestReadinessForgivesAnEarlierDeadline(t *testing.T) {
	o := targetOf(t, fmt.Sprintf(overdue, "2026-01-01T00:00:00Z"))
	r := readiness{before: map[*target]string{}}
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

// A custom resource that was stalled before this run changed it gets another chance;
// one that this run found so, and left, does not.
func TestReadinessForgivesAnEarlierStall(t *testing.T) {
	const stalled = "{apiVersion: a.b/v1, kind: A, metadata: {name: a}, status: {conditions: [{type: Stalled, status: 'True', lastTransitionTime: '%s'}]}}"
	for fresh, want := range map[bool]outcome{true: pending, false: failed} {
		o := targetOf(t, fmt.Sprintf(stalled, "2026-01-01T00:00:00Z"))
		o.fresh = fresh
		r := readiness{before: map[*target]string{}}
		if got := r.evaluate(o, false); got != want {
			t.Errorf("fresh %t: %d", fresh, got)
		}
		o.live = object(t, fmt.Sprintf(stalled, "2026-01-01T00:10:00Z"))
		if got := r.evaluate(o, false); got != failed {
			t.Errorf("fresh %t, stalled anew: %d", fresh, got)
		}
	}
}

// A Job that Kubernetes deletes once it has ended is done when it is gone, though
// nobody saw how it ended; another one is missing.
func TestReadinessOfWhatExpires(t *testing.T) {
	for spec, want := range map[string]outcome{"{ttlSecondsAfterFinished: 0}": satisfied, "{}": pending} {
		o := targetOf(t, strings.Replace(pendingJob, "status:", "spec: "+spec+", status:", 1))
		r := readiness{patience: time.Second, before: map[*target]string{}}
		if got := r.evaluate(o, false); got != pending {
			t.Errorf("%s: %d at first", spec, got)
		}
		o.live = nil
		if got := r.evaluate(o, true); got != want {
			t.Errorf("%s: %d when it is gone", spec, got)
		}
	}
}

// A custom resource that this run made is watched for a moment until its controller
// has spoken; any other one keeps nothing waiting.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		object string
		fresh  bool
		want   time.Duration
	}{
		"made, and not heard of":     {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 1}}", true, time.Second},
		"made, and heard of":         {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 1}, status: {phase: Good}}", true, 0},
		"changed, and not heard of":  {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 2}, status: {phase: Good}}", true, time.Second},
		"changed, and heard of":      {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 2}, status: {observedGeneration: '2'}}", true, 0},
		"changed, by its conditions": {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 2}, status: {conditions: [{type: Ready, status: 'True', observedGeneration: 2}]}}", true, 0},
		"left as it was":             {"{apiVersion: a.b/v1, kind: A, metadata: {generation: 1}}", false, 0},
	} {
		o := targetOf(t, c.object)
		o.fresh = c.fresh
		r := readiness{patience: time.Second, before: map[*target]string{}}
		if got := o.judge(r.evaluate, false, time.Now()); got != provisional || o.patience != c.want || o.holds() != (c.want > 0) {
			t.Errorf("%s: %d, patience %s, holds %t", name, got, o.patience, o.holds())
		}
	}
}

func TestIsFresh(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	const written = "{metadata: {creationTimestamp: '2025-01-01T00:00:00Z', managedFields: [{time: '%s', subresource: '%s'}]}, apiVersion: v1, kind: A}"
	for name, c := range map[string]struct {
		object string
		want   bool
	}{
		"made now":            {"{apiVersion: v1, kind: A, metadata: {creationTimestamp: '2026-01-01T11:59:50Z'}}", true},
		"made long ago":       {"{apiVersion: v1, kind: A, metadata: {creationTimestamp: '2026-01-01T11:50:00Z'}}", false},
		"changed now":         {fmt.Sprintf(written, "2026-01-01T11:59:50Z", ""), true},
		"its status, now":     {fmt.Sprintf(written, "2026-01-01T11:59:50Z", "status"), false},
		"nobody knows":        {"{apiVersion: v1, kind: A}", false},
		"changed last, years": {fmt.Sprintf(written, "2025-01-01T11:59:50Z", ""), false},
	} {
		if got := isFresh(object(t, c.object), now); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
