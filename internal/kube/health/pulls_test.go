package health

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pulling returns the events of a pod whose image could not be pulled at these
// seconds, as a kubelet makes them: in whole seconds, and of the same kind one.
func pulling(cause string, failed ...int) string {
	last := failed[len(failed)-1]
	at := time.Unix(1e9+int64(last), 0).UTC().Format(time.RFC3339)
	return fmt.Sprintf(`[{Reason: Pulling, Message: 'Pulling image "x:1"', Count: %d, Last: %s, Container: app},
		{Reason: Failed, Message: 'Failed to pull image "x:1": %s', Count: %d, Last: %s, Container: app, Warning: true},
		{Reason: Failed, Message: "Error: ErrImagePull", Count: %d, Last: %s, Container: app, Warning: true}]`,
		len(failed), at, cause, len(failed), at, len(failed), at)
}

// again returns those events with a pull more, which has begun at that second.
func again(events string, count, second int) string {
	at := time.Unix(1e9+int64(second), 0).UTC().Format(time.RFC3339)
	return both(events, fmt.Sprintf(`[{Reason: Pulling, Message: 'Pulling image "x:1"', Count: %d, Last: %s, Container: app}]`, count, at))
}

// warned returns the event of a warning.
func warned(reason, message string, count, second int) string {
	at := time.Unix(1e9+int64(second), 0).UTC().Format(time.RFC3339)
	return fmt.Sprintf("[{Warning: true, Reason: %s, Message: %q, Count: %d, Last: %s}]", reason, message, count, at)
}

// What keeps a pod from starting, as a kubelet tells of it: its events come when
// something happens, the status up to fifteen seconds later.
func TestStalledBeforeTheStart(t *testing.T) {
	const (
		denied  = "failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 403 Forbidden"
		busy    = "unexpected status from HEAD request: 503 Service Unavailable"
		limited = "429 Too Many Requests - unauthorized pulls are limited"
		dns     = "dial tcp: lookup registry.example: i/o timeout"
		sandbox = "Failed to create pod sandbox: rpc error: cni plugin"
	)
	pull := func(cause string) string { return waiting("ErrImagePull", cause, 0) }
	backOff := func(cause string) string {
		return waiting("ImagePullBackOff", "Back-off pulling image \"x:1\": ErrImagePull: "+cause, 0)
	}
	for name, tt := range map[string]struct {
		imageWait time.Duration
		moments   []at
		when      float64 // the moment of the verdict; negative: never
		reason    string
	}{
		"access is denied, by its events": {0,
			[]at{{0, "", pull(denied), pulling(denied, 0)}, {14, "", backOff(denied), ""}, {15, "", "", pulling(denied, 0, 15)}}, 15,
			"403 Forbidden"},
		"access is denied, late": {0,
			[]at{{0, "", pull(denied), pulling(denied, 0)}, {14, "", backOff(denied), ""}, {30, "", "", again(pulling(denied, 0), 2, 30)},
				{31, "", "", pulling(denied, 0, 31)}}, 31, "403 Forbidden"},
		"without events": {0,
			[]at{{0, "", pull("401 Unauthorized"), ""}, {12, "", backOff("401 Unauthorized"), ""}, {27, "", pull("401 Unauthorized"), ""}}, 27,
			""},
		"a registry that is busy, then well": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {14, "", backOff(busy), pulling(busy, 0, 14)}, {44, "", running(0), ""}}, -1, ""},
		"a registry that is busy for good": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {14, "", backOff(busy), pulling(busy, 0, 14)}, {40, "", "", pulling(busy, 0, 14, 40)},
				{59, "", "", ""}, {60, "", "", ""}}, 60, "503 Service Unavailable"},
		"a registry that limits": {0,
			[]at{{0, "", pull(limited), pulling(limited, 0)}, {14, "", "", pulling(limited, 0, 14, 40)}, {59, "", "", ""}, {60, "", "", ""}}, 60,
			"429"},
		"a kubelet that tries late": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {38, "", backOff(busy), pulling(busy, 0, 38)}, {60, "", "", ""}, {77, "", running(0), ""}},
			-1, ""},
		"a kubelet that tries late, in vain": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {38, "", backOff(busy), pulling(busy, 0, 38)}, {60, "", "", ""},
				{77, "", "", pulling(busy, 0, 38, 77)}}, 77, "503 Service Unavailable"},
		"a kubelet that tries no more": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {60, "", "", ""}, {119, "", "", ""}, {120, "", "", ""}}, 120, "503"},
		"a name that is not resolved": {0,
			[]at{{0, "", pull(dns), pulling(dns, 0)}, {33, "", "", pulling(dns, 0, 33)}, {60, "", "", ""}, {83, "", "", pulling(dns, 0, 33, 83)}},
			83,
			"i/o timeout"},
		"a registry that finds nothing behind it": {0,
			[]at{{0, "", pull("502 Bad Gateway: upstream not found"), none}, {59, "", "", ""}, {60, "", "", ""}}, 60, "502"},
		"a pull that is under way": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {14, "", backOff(busy), again(pulling(busy, 0), 2, 14)}, {60, "", "", ""}, {193, "", "",
				""},
				{193.5, "", running(0), ""}}, -1, ""},
		"a pull whose end nobody told of": {0,
			[]at{{0, "", pull(busy), pulling(busy, 0)}, {14, "", backOff(busy), again(pulling(busy, 0), 2, 14)}, {193, "", "", ""}, {194, "", "",
				""}},
			194, "503"},
		"a back-off that tells no cause": {0,
			[]at{{0, "", waiting("ImagePullBackOff", "Back-off pulling image \"x:1\"", 0), pulling(notFound, 0)}, {3, "", "", ""}}, 3,
			"ImagePullBackOff"},
		"a name that looks like a cause": {0,
			[]at{{0, "", strings.Replace(pull("reg/denied/forbidden:503: not found"), "name: app", "name: app, image: 'reg/denied/forbidden:503'",
				1), ""},
				{2, "", "", ""}, {3, "", "", ""}}, 3, "not found"},
		"an image that is waited for": {2 * time.Minute,
			[]at{{0, "", pull(notFound), pulling(notFound, 0)}, {60, "", backOff(notFound), pulling(notFound, 0, 14, 40)}, {119, "", "", ""},
				{120, "", "", ""}}, 120, "not found"},
		"an image that comes": {2 * time.Minute,
			[]at{{0, "", pull(notFound), pulling(notFound, 0)}, {100, "", backOff(notFound), ""}, {110, "", running(0), ""}, {300, "", "", ""}},
			-1, ""},
		"a missing image's namesake is denied": {2 * time.Minute,
			[]at{{0, "", pull(denied), pulling(denied, 0)}, {15, "", "", pulling(denied, 0, 15)}}, 15, "403"},

		"a sandbox that cannot be made": {0,
			[]at{{0, "", creating, warned("FailedCreatePodSandBox", sandbox, 1, 0)}, {14, "", "", warned("FailedCreatePodSandBox", sandbox, 2,
				14)},
				{59, "", "", warned("FailedCreatePodSandBox", sandbox, 5, 58)}, {60, "", "", ""}}, 60, "FailedCreatePodSandBox: " + sandbox},
		"a sandbox that is made at last": {0,
			[]at{{0, "", creating, warned("FailedCreatePodSandBox", sandbox, 3, 0)},
				{30, "", "", both(warned("FailedCreatePodSandBox", sandbox, 3, 0), pulling("", 30)[:strings.Index(pulling("", 30), "},")+1]+"]")},
				{90, "", "", ""}}, -1, ""},
		"a volume of another type": {0,
			[]at{{0, "", creating, warned("FailedMount", "hostPath type check failed: /data is not a directory", 1, 0)},
				{30, "", "", warned("FailedMount", "hostPath type check failed: /data is not a directory", 6, 30)}, {60, "", "", ""}}, 60,
			"hostPath type check failed"},
		"a warning that was given once": {0, []at{{0, "", creating, warned("Strange", "one of a kind", 1, 0)}, {120, "", "", ""}}, -1, ""},
		"a warning of whatever comes next": {0, []at{{0, "", creating, warned("Strange", "one of many", 2, 0)}, {60, "", "", ""}}, 60,
			"Strange: one of many"},
		"a warning that keeps nothing": {0, []at{{0, "", creating, warned("DNSConfigForming", "limits exceeded", 9, 0)}, {120, "", "",
			""}}, -1, ""},
		"a disk held elsewhere": {0, []at{{0, "", creating, warned("FailedAttachVolume", "Multi-Attach error", 9, 0)}, {119, "",
			"", ""}, {120, "", "", ""}}, 120, "Multi-Attach"},
		"a Job's pod that crashes": {0, []at{{0, aJob, waiting("CrashLoopBackOff", "", 2), ""}, {60, "", waiting("CrashLoopBackOff",
			"", 9), ""}}, -1, ""},
		"a runtime that refuses for a while": {0, []at{{0, "", waiting("CreateContainerError", "context deadline exceeded", 0), ""}, {59, "",
			"", ""}, {60, "", "", ""}}, 60, "deadline"},
		"an image without a command": {0, []at{{0, "", waiting("CreateContainerError", "no command specified", 0), ""}, {3, "", "",
			""}}, 3, "no command specified"},
	} {
		t.Run(name, func(t *testing.T) {
			f := Evidence{Owner: object(t, fmt.Sprintf(aDeployment, "{}")), ImageWait: tt.imageWait}
			var history History
			for _, m := range tt.moments {
				advance(t, &f, m)
				var v Verdict
				v, history = Stalled(f, history, epoch.Add(time.Duration(m.second*float64(time.Second))))
				if due := m.second == tt.when; due != (v.Stalled != "") {
					t.Fatalf("at %g s: %+v", m.second, v)
				}
				if !strings.Contains(v.Stalled, tt.reason) && m.second == tt.when {
					t.Errorf("at %g s: %q, want %q in it", m.second, v.Stalled, tt.reason)
				}
			}
		})
	}
}

// The events tell what a status does not.
func TestExplainPod(t *testing.T) {
	restarted := "{phase: Running, containerStatuses: [{name: app, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 137}}}]}"
	of := func(reason, message string) string {
		return fmt.Sprintf("[{Warning: true, Reason: %s, Message: %q, Container: app, Count: 1}]", reason, message)
	}
	for name, tt := range map[string]struct{ status, events, want string }{
		"a readiness probe": {running(0), of("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
			"container app: running but not ready; Readiness probe failed: HTTP probe failed with statuscode: 503"},
		"of another container": {running(0), strings.Replace(of("Unhealthy", "Readiness probe failed"), "app", "proxy", 1),
			"container app: running but not ready"},
		"a liveness probe": {restarted, of("Unhealthy", "Liveness probe failed: connection refused"),
			"container app: CrashLoopBackOff, restarted 2 times, Error (exit code 137); Liveness probe failed: connection refused"},
		"a readiness probe of a crashed run": {restarted, of("Unhealthy", "Readiness probe failed: refused"),
			"container app: CrashLoopBackOff, restarted 2 times, Error (exit code 137)"},
		"a hook after the start": {restarted, of("FailedPostStartHook", "PostStartHook failed: no such file"),
			"container app: CrashLoopBackOff, restarted 2 times, Error (exit code 137); PostStartHook failed: no such file"},
		"a pull secret": {waiting("ImagePullBackOff", "Back-off", 0),
			strings.Replace(of("FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (hub)"), "Container: app, ", "", 1),
			"container app: ImagePullBackOff: Back-off; Unable to retrieve some image pull secrets (hub)"},
		"a pull":        {creating, pulling("", 3)[:strings.Index(pulling("", 3), "},")+1] + "]", `Pulling image "x:1"`},
		"a sandbox":     {creating, warned("FailedCreatePodSandBox", "no network", 1, 3), "FailedCreatePodSandBox: no network"},
		"a quiet start": {creating, none, "container app: not started yet"},
		"a pull that is over": {creating, both(pulling("", 3)[:strings.Index(pulling("", 3), "},")+1]+"]",
			"[{Reason: Pulled, Container: app, Count: 1}]"),
			"container app: not started yet"},
	} {
		e := Evidence{Owner: object(t, fmt.Sprintf(aDeployment, "{}"))}
		advance(t, &e, at{0, "", tt.status, tt.events})
		if got := ExplainPod(e.Pods[0], e.Events["pod"]); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// The line that is shown says that an image is waited for.
func TestAnAwaitedImageIsNamed(t *testing.T) {
	e := Evidence{Owner: object(t, fmt.Sprintf(aDeployment, "{}")), ImageWait: 10 * time.Minute}
	advance(t, &e, at{0, "", waiting("ErrImagePull", notFound, 0), none})
	if got := FirstPodReason(e); !strings.HasPrefix(got, "pod p: waits up to 10 min 0 s for its image: container app: ErrImagePull: ") {
		t.Error(got)
	}
	e.ImageWait = 0
	if got := FirstPodReason(e); strings.Contains(got, "waits") {
		t.Error(got)
	}
}

// Events of both forms that a kubelet gives to them are read.
func TestNewEvent(t *testing.T) {
	e := NewEvent(&corev1.Event{Type: "Warning", Reason: "Failed", InvolvedObject: corev1.ObjectReference{UID: types.UID("u"),
		FieldPath: "spec.initContainers{migrate}"}})
	if !e.Warning || e.Container != "migrate" || e.Count != 1 {
		t.Errorf("%+v", e)
	}
	if e := NewEvent(&corev1.Event{Type: "Normal"}); e.Warning || e.Container != "" {
		t.Errorf("%+v", e)
	}
}
