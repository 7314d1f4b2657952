package rollout

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// probedTemplate and unprobedTemplate are what Deployment web is made of.
const (
	probedTemplate   = "{containers: [{name: app, readinessProbe: {httpGet: {port: 80}}}]}"
	unprobedTemplate = "{containers: [{name: app}]}"
)

// webOf returns the Deployment web of a template, with its pod ready.
func webOf(template string) string {
	return strings.Replace(readyWeb, "spec: {", "spec: {template: {spec: "+template+"}, ", 1)
}

// webPodOf returns its pod, with a container that was started that often, and how
// long ago; negative: it has ended.
func webPodOf(template string, restarts int, began time.Time) string {
	state := fmt.Sprintf("{running: {startedAt: %q}}", began.UTC().Format(time.RFC3339))
	ready := "True"
	if began.IsZero() {
		state, ready = "{waiting: {reason: CrashLoopBackOff}}", "False"
	}
	return fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: web-1-x, namespace: shop, uid: p, labels: {app: web},
		creationTimestamp: %q, ownerReferences: [{controller: true, kind: ReplicaSet, name: web-1, uid: r}]}, spec: %s,
		status: {phase: Running, conditions: [{type: Ready, status: %q}], containerStatuses: [{name: app, restartCount: %d, ready: %s,
			state: %s,
		lastState: {terminated: {exitCode: 1, reason: Error}}}]}}`,
		began.UTC().Format(time.RFC3339), template, ready, restarts, strings.ToLower(ready), state)
}

// A container without a readiness probe is watched, and what that costs is told.
// Nothing else is.
func TestSettle(t *testing.T) {
	for name, tt := range map[string]struct {
		template    string
		settle, age time.Duration
		least, most time.Duration
		watched     bool
	}{
		"no probe":            {unprobedTemplate, 3 * time.Second, 0, 3 * time.Second, 3500 * time.Millisecond, true},
		"longer":              {unprobedTemplate, 10 * time.Second, 0, 10 * time.Second, 10500 * time.Millisecond, true},
		"a probe":             {probedTemplate, 3 * time.Second, 0, 0, 0, false},
		"switched off":        {unprobedTemplate, 0, 0, 0, 0, false},
		"it has run for long": {unprobedTemplate, 3 * time.Second, time.Hour, 0, 300 * time.Millisecond, false},
		"an init container without one": {strings.Replace(probedTemplate, "{containers", "{initContainers: [{name: helper}], containers", 1),
			3 * time.Second, 0, 0, 0, false},
		"its pods cannot be seen by now": {unprobedTemplate, 3 * time.Second, -1, 4 * time.Second, 4500 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				objects := []string{webOf(tt.template)}
				if tt.age >= 0 {
					objects = append(objects, webPodOf(tt.template, 0, time.Now().Add(-tt.age)))
				}
				w, _ := fakeWaiter(t, objects...)
				w.Settle = tt.settle
				var seen recorder
				w.Observer = &seen
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				if err := w.WaitForReady(ctx, ByName([]facts.Ref{web})); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took < tt.least || took > tt.most {
					t.Errorf("it took %s, want %s to %s", took, tt.least, tt.most)
				}
				last := facts.Awaited{}
				for _, a := range seen.all {
					if a.Satisfied {
						last = a
					}
				}
				if watched := last.Watched >= tt.least && last.Unprobed != ""; watched != tt.watched && tt.least > 0 {
					t.Errorf("reported is %+v", last)
				}
			})
		})
	}
}

// A container that crashes while it is watched is judged anew.
func TestSettleBeginsAnewAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w, change := fakeWaiter(t, webOf(unprobedTemplate), webPodOf(unprobedTemplate, 0, began))
		w.Settle = 3 * time.Second
		go func() {
			sleep(t.Context(), 2*time.Second)
			change(webPodOf(unprobedTemplate, 0, time.Time{}))
			sleep(t.Context(), 10*time.Second)
			change(webPodOf(unprobedTemplate, 1, time.Now()))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{web})); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 15*time.Second || took > 16*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A pod whose state is older than its owner's is not taken for settled.
func TestSettleWaitsForThePodsState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pending := strings.Replace(webPod,
			"status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: InvalidImageName}}}]}",
			"spec: "+unprobedTemplate+", status: {phase: Pending}", 1)
		w, change := fakeWaiter(t, webOf(unprobedTemplate), pending)
		w.Settle = 3 * time.Second
		began := time.Now()
		go func() {
			sleep(t.Context(), 2*time.Second)
			change(webPodOf(unprobedTemplate, 0, time.Now()))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{web})); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// What is watched when the time is over was not ready.
func TestSettleAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, webOf(unprobedTemplate), webPodOf(unprobedTemplate, 0, time.Now()))
		w.Settle = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := w.WaitForReady(ctx, ByName([]facts.Ref{web}))
		if err == nil || !strings.Contains(err.Error(),
			"it is ready; container app without a readiness probe: watched until it has run for 1 min") {
			t.Error(err)
		}
	})
}
