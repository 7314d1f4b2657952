package rollout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	seedJob = "{apiVersion: batch/v1, kind: Job, metadata: {name: seed, namespace: shop, uid: s}, spec: {selector: {matchLabels: {job: seed}}}, status: STATUS}"
	widget  = "{apiVersion: a.b/v1, kind: Widget, metadata: {name: one, namespace: shop, uid: o, generation: 1}, status: STATUS}"
)

var (
	seed = facts.Ref{APIVersion: "batch/v1", Kind: "Job", Name: "seed"}
	one  = facts.Ref{APIVersion: "a.b/v1", Kind: "Widget", Name: "one"}
)

// change is what an object becomes at some time of a wait.
type change struct {
	after time.Duration
	text  string
}

func status(text, of string) string { return strings.Replace(text, "STATUS", of, 1) }

func TestWhatIsWatchedToTheEnd(t *testing.T) {
	failed := status(seedJob, "{failed: 1, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}")
	const ended = "{apiVersion: v1, kind: Pod, metadata: {name: seed-x, namespace: shop, uid: x, labels: {job: seed}, " +
		"ownerReferences: [{controller: true, kind: Job, name: seed, uid: s}]}, status: {phase: Running, containerStatuses: [{name: app, state: {terminated: {exitCode: 1, reason: Error}}}]}}"
	runs, done := status(seedJob, "{active: 1, ready: 1}"), status(seedJob, "{conditions: [{type: Complete, status: 'True'}]}")
	for name, c := range map[string]struct {
		before  []string
		changes []change
		least   time.Duration
		most    time.Duration
		err     string
		timeout bool
	}{
		"a Job fails, and the rest still starts": {[]string{unreadyWeb, runs}, []change{{20 * time.Second, failed}},
			20 * time.Second, 21 * time.Second, "BackoffLimitExceeded", false},
		"a Job fails right after the rest is ready": {[]string{readyWeb, runs}, []change{{2 * time.Second, failed}},
			2 * time.Second, 3 * time.Second, "BackoffLimitExceeded", false},
		"a Job's pod has failed, and its controller is late": {[]string{readyWeb, runs, ended}, []change{{9 * time.Second, failed}},
			9 * time.Second, 10 * time.Second, "BackoffLimitExceeded", false},
		"a Job goes on for long": {[]string{readyWeb, runs}, nil, 3 * time.Second, 4 * time.Second, "", false},
		"a Job is through":       {[]string{readyWeb, runs}, []change{{time.Second, done}}, time.Second, 2 * time.Second, "", false},
		"a Job that crashes between its runs": {[]string{readyWeb, runs},
			[]change{{2 * time.Second, status(seedJob, "{active: 1, failed: 1}")}, {20 * time.Second, runs}}, 23 * time.Second, 24 * time.Second,
			"", false},
		"a Job that never starts": {[]string{readyWeb, status(seedJob, "{active: 1}")}, nil, 59 * time.Second, 61 * time.Second,
			"none of its pods runs", true},
		"a Job that runs, and web does not": {[]string{unreadyWeb, runs}, nil, 59 * time.Second, 61 * time.Second,
			"1 not ready; shop/Deployment/web", true},
		"a resource says that it is not ready": {[]string{unreadyWeb, status(widget, "{}")},
			[]change{{time.Second, status(widget, "{conditions: [{type: Ready, status: 'False', reason: Issuing}]}")}, {4 * time.Second, readyWeb},
				{25 * time.Second, status(widget, "{conditions: [{type: Ready, status: 'True'}]}")}}, 25 * time.Second, 26 * time.Second, "", false},
		"a resource that stays unready": {[]string{readyWeb, status(widget,
			"{conditions: [{type: Ready, status: 'False', reason: NoSuchKey}]}")}, nil,
			59 * time.Second, 61 * time.Second, "Widget/one: NoSuchKey", true},
		"a resource that was ready for a while": {[]string{unreadyWeb, status(widget, "{conditions: [{type: Ready, status: 'True'}]}")},
			[]change{{2 * time.Second, readyWeb}}, 2 * time.Second, 3 * time.Second, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, update := fakeWaiter(t, c.before...)
				w.Patience = 3 * time.Second
				start := time.Now()
				go func() {
					for _, then := range c.changes {
						sleep(t.Context(), then.after-time.Since(start))
						update(then.text)
					}
				}()
				var refs []facts.Ref
				for _, text := range c.before {
					u := object(t, text)
					if u.GetKind() == "Pod" {
						continue // it is not of the release itself
					}
					refs = append(refs, facts.Ref{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Name: u.GetName()})
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := w.WaitForReady(ctx, ByName(refs))
				if took := time.Since(start); took < c.least || took > c.most {
					t.Errorf("it took %s", took)
				}
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("wait: %v", err)
				}
				if errors.Is(err, context.DeadlineExceeded) != c.timeout {
					t.Errorf("a timeout: %t", !c.timeout)
				}
			})
		})
	}
}

// What is ready for the time being is shown as ready, and as unready again when it is
// not any more.
func TestWhatIsReadyForNowIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, update := fakeWaiter(t, unreadyWeb, status(widget, "{conditions: [{type: Ready, status: 'True'}]}"))
		var seen recorder
		w.Observer = &seen
		go func() {
			sleep(t.Context(), 2*time.Second)
			update(status(widget, "{conditions: [{type: Ready, status: 'False', reason: Lost}]}"))
			sleep(t.Context(), 2*time.Second)
			update(status(widget, "{conditions: [{type: Ready, status: 'True'}]}"))
			update(readyWeb)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{web, one})); err != nil {
			t.Fatal(err)
		}
		var shown []bool
		for _, a := range seen.all {
			if a.Kind == "Widget" {
				shown = append(shown, a.Satisfied)
			}
		}
		if !slices.Equal(shown, []bool{true, false, true}) {
			t.Errorf("shown as ready: %v", shown)
		}
	})
}

// An interrupt is never taken for the success of what was ready for the time being.
func TestInterruptWhileAJobIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, status(seedJob, "{active: 1, ready: 1}"))
		w.Patience = 3 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			sleep(t.Context(), time.Second)
			cancel()
		}()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{seed})); !errors.Is(err, context.Canceled) {
			t.Errorf("wait: %v", err)
		}
	})
}

// A Deployment that lacks no more pods than it may, for which there is no room, keeps
// nothing waiting, and does not fail while others start.
func TestNoRoomForTheLastPod(t *testing.T) {
	const (
		spread = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: w, generation: 1}, spec: {replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 1}}, selector: {matchLabels: {app: web}}}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: 'True'}]}}"
		pod    = "{apiVersion: v1, kind: Pod, metadata: {name: web-1-x, namespace: shop, uid: p, labels: {app: web}, ownerReferences: [{controller: true, kind: ReplicaSet, name: web-1, uid: r}]}, status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 'no node'}]}}"
		job    = "{apiVersion: batch/v1, kind: Job, metadata: {name: seed, namespace: shop, uid: s}, status: STATUS}"
	)
	synctest.Test(t, func(t *testing.T) {
		w, update := fakeWaiter(t, spread, pod, status(job, "{}"))
		w.Patience = time.Second
		start := time.Now()
		go func() {
			sleep(t.Context(), 50*time.Second) // past the time after which a pod without a node fails a wait
			update(status(job, "{conditions: [{type: Complete, status: 'True'}]}"))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{web, seed})); err != nil || time.Since(start) > 52*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

// A Deployment that was deleted during the wait starts no more: it holds back no
// verdict about the others.
func TestWhatIsDeletedDoesNotStart(t *testing.T) {
	tr := unready(object(t, aStatefulSet), false)
	tr.selector = labels.Everything()
	if !tr.starting() {
		t.Error("it does not start")
	}
	tr.target.live = nil
	if tr.starting() {
		t.Error("it was deleted, and starts")
	}
}

// What is ignored is neither waited for nor shown.
func TestWhatIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, readyWeb, status(widget, "{conditions: [{type: Ready, status: 'False'}]}"))
		var seen recorder
		w.Observer, w.Ignore = &seen, []string{"Widget/*", "CustomResourceDefinition/*"}
		if err := w.WaitForReady(t.Context(), ByName([]facts.Ref{web, one})); err != nil {
			t.Fatal(err)
		}
		if len(seen.all) != 2 || seen.all[0].Kind != "Deployment" {
			t.Errorf("seen %+v", seen.all)
		}
		definition := facts.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "widgets.a.b"}
		if names := w.Ignored(ByName([]facts.Ref{web, one, definition})); !slices.Equal(names, []string{"Widget/one"}) {
			t.Errorf("ignored %q", names)
		}
	})
}

// A resource that is ignored may still have an operator that brings what pods lack.
func TestOperatorOfWhatIsIgnored(t *testing.T) {
	pod := strings.NewReplacer("reason: InvalidImageName", "reason: CreateContainerConfigError, message: 'secret \"key\" not found'",
		"uid: p,", "uid: p, creationTimestamp: '2000-01-01T00:00:00Z',").Replace(webPod) // when the time of synctest begins
	for _, c := range []struct {
		objects     []string
		least, most time.Duration
	}{
		{[]string{unreadyWeb, pod}, 3 * time.Second, 10 * time.Second},
		{[]string{unreadyWeb, pod, status(widget, "{}")}, 30 * time.Second, 40 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _ := fakeWaiter(t, c.objects...)
			w.Ignore = []string{"Widget/one"}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			refs := []facts.Ref{web, one}[:len(c.objects)-1]
			err := w.WaitForReady(ctx, ByName(refs))
			if took := time.Since(start); err == nil || took < c.least || took > c.most {
				t.Errorf("%d objects: after %s: %v", len(c.objects), took, err)
			}
		})
	}
}
