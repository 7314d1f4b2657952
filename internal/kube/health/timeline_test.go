package health

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// never is later than any rollout of these tests.
const never = 24 * time.Hour

// app is a Deployment with one pod, as a real kubelet runs it.
type app struct {
	name   string
	of     string        // the one whose Deployment its pod belongs to; "": it has one of its own
	kind   string        // of its container: "" or "init container"
	probe  time.Duration // how long after the start of a good run its readiness probe succeeds; 0: it has none
	from   time.Duration // when its pod was made; negative: before the rollout
	well   time.Duration // a run that begins then or later is good
	needs  string        // a run is also good only if that one was ready when it began
	lasts  time.Duration // how long a bad run lasts; 0: a fifth of a second
	ended  corev1.ContainerStateTerminated
	starts string // what it fails to start with; "": it starts
}

// backOffs are the times that a kubelet waits between a crash and the next start.
var backOffs = []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second,
	300 * time.Second}

// node plays an app on a node.
type node struct {
	app
	good      func(began time.Duration) bool
	restarts  int32
	began     time.Duration // of the run that is on, or was
	down      bool          // none is on
	next      time.Duration // when the next run begins
	lastBegan time.Duration
	lastEnded time.Duration
	fine      bool // the run that is on is a good one
}

// at moves the clock to now and returns the status of the pod.
func (n *node) at(now time.Duration) corev1.PodStatus {
	lasts := max(n.lasts, 200*time.Millisecond)
	if n.starts != "" {
		lasts = time.Millisecond
	}
	for {
		switch {
		case n.down && now >= n.next:
			n.began, n.down, n.restarts = n.next, false, n.restarts+1
			n.fine = n.good(n.began)
		case !n.down && !n.fine && now >= n.began+lasts:
			n.down, n.lastBegan, n.lastEnded = true, n.began, n.began+lasts
			n.next = n.lastEnded + max(backOffs[min(int(n.restarts), len(backOffs)-1)], 200*time.Millisecond)
		default:
			return n.status(now)
		}
	}
}

func instant(d time.Duration) metav1.Time {
	return metav1.NewTime(epoch.Add(d).Truncate(time.Second))
}

var epoch = time.Unix(1e9, 0)

func (n *node) status(now time.Duration) corev1.PodStatus {
	s := corev1.ContainerStatus{Name: "app", RestartCount: n.restarts}
	ended := n.ended
	ended.StartedAt, ended.FinishedAt = instant(n.lastBegan), instant(n.lastEnded)
	if n.starts != "" {
		ended.Reason, ended.ExitCode, ended.Message = "StartError", 128, n.starts
	}
	if ended.Reason == "" {
		ended.Reason, ended.ExitCode = "Error", 1
	}
	switch {
	case n.down && n.starts != "" && now < n.lastEnded+3*time.Second:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "RunContainerError", Message: n.starts}
		s.LastTerminationState.Terminated = &ended
	case n.down && n.restarts == 0:
		s.State.Terminated = &ended
	case n.down:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff",
			Message: fmt.Sprintf("back-off %s restarting failed container=app pod=p", n.next-n.lastEnded)}
		s.LastTerminationState.Terminated = &ended
	default:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: instant(n.began)}
		if n.restarts > 0 {
			s.LastTerminationState.Terminated = &ended
		}
		s.Ready = n.probe == 0 || n.fine && now >= n.began+n.probe
	}
	status := corev1.PodStatus{Phase: corev1.PodRunning}
	if n.kind == "init container" {
		status.InitContainerStatuses, s.Ready = []corev1.ContainerStatus{s}, !n.down && n.fine
		if s.Ready {
			status.InitContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
			status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", Ready: true,
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: instant(n.began)}}}}
		}
	} else {
		status.ContainerStatuses = []corev1.ContainerStatus{s}
	}
	ready := corev1.ConditionFalse
	if s.Ready {
		ready = corev1.ConditionTrue
	}
	status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	return status
}

// pod returns the app's pod with that status.
func (n *node) pod(status corev1.PodStatus) *corev1.Pod {
	c := corev1.Container{Name: "app"}
	if n.probe > 0 {
		c.ReadinessProbe = &corev1.Probe{}
	}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: n.name + "-1", UID: types.UID(n.name), CreationTimestamp: instant(n.from)},
		Spec: corev1.PodSpec{Containers: []corev1.Container{c}}, Status: status}
	if n.kind == "init container" {
		p.Spec = corev1.PodSpec{InitContainers: p.Spec.Containers, Containers: []corev1.Container{{Name: "main",
			ReadinessProbe: &corev1.Probe{}}}}
	}
	return p
}

// played is what a rollout knows of one Deployment.
type played struct {
	nodes   []*node
	history History
	settled bool
}

// look returns the evidence at that moment, and whether all pods are ready. It notes
// which of them are, and well, for the first time.
func (d *played) look(now time.Duration, readyAt map[string]time.Duration) (e Evidence, ready bool) {
	e = Evidence{Owner: &unstructured.Unstructured{Object: map[string]any{"kind": "Deployment"}}, WaitStart: epoch,
		Unchanged: d.nodes[0].from < 0}
	ready = true
	for _, n := range d.nodes {
		p := n.pod(n.at(now))
		e.Pods = append(e.Pods, p)
		ready = ready && isReady(p)
		if _, known := readyAt[n.name]; isReady(p) && n.fine && !known {
			readyAt[n.name] = now
		}
	}
	return e, ready
}

// deploymentsOf returns the Deployments of apps, whose needs readyAt tells.
func deploymentsOf(apps []app, readyAt map[string]time.Duration) []*played {
	var all []*played
	byName := map[string]*played{}
	for _, a := range apps {
		n := &node{app: a, began: a.from}
		n.good = func(began time.Duration) bool {
			at, ready := readyAt[a.needs]
			return began >= a.well && (a.needs == "" || ready && began >= at)
		}
		n.fine = n.good(a.from)
		if a.of == "" {
			byName[a.name] = &played{}
			all = append(all, byName[a.name])
		}
		d := byName[cmp.Or(a.of, a.name)]
		d.nodes = append(d.nodes, n)
	}
	return all
}

// rollOut plays a rollout of apps, judged four times a second, and returns how and
// when it ended: "" where all are ready, else the reasons.
func rollOut(apps []app, settle time.Duration) (took time.Duration, reasons []string) {
	readyAt := map[string]time.Duration{}
	all := deploymentsOf(apps, readyAt)
	calm := epoch
	for now := time.Duration(0); now < 10*time.Minute; now += 250 * time.Millisecond {
		var standings []Standing
		for _, d := range all {
			e, ready := d.look(now, readyAt)
			if d.settled {
				continue
			}
			var v Verdict
			v, d.history = Stalled(e, d.history, epoch.Add(now))
			if ready && Unsettled(e, d.history, settle, epoch.Add(now)) == "" {
				d.settled, calm = true, epoch.Add(now)
				continue
			}
			standings = append(standings, Standing{Verdict: v, Starting: true})
		}
		for _, reason := range Failures(standings, calm) {
			if reason != "" {
				reasons = append(reasons, reason)
			}
		}
		if len(standings) == 0 || len(reasons) > 0 {
			return now, reasons
		}
	}
	return never, nil
}

// Each row is a scenario that was measured on a real node, with what it has to end
// in and in which time.
func TestRollouts(t *testing.T) {
	db := func(after time.Duration) app { return app{name: "db", probe: after} }
	needy := func(name string) app { return app{name: name, needs: "db"} }
	probed := func(a app) app { a.probe = time.Second; return a }
	oom := corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}
	for name, tt := range map[string]struct {
		apps        []app
		least, most float64 // seconds
		reasons     []string
	}{
		"healthy, with a probe": {[]app{{name: "web", probe: 2 * time.Second}}, 2, 2, nil},
		"healthy, without one":  {[]app{{name: "web"}}, 3, 3.5, nil},
		"it crashes at once": {[]app{{name: "web", well: never}}, 40, 45,
			[]string{"pod web-1: container app: CrashLoopBackOff, restarted 3 times, Error (exit code 1)"}},
		"the same with a probe": {[]app{probed(app{name: "web", well: never})}, 40, 45, []string{"CrashLoopBackOff"}},
		"an init container":     {[]app{{name: "web", kind: "init container", well: never}}, 40, 45, []string{"init container app"}},
		"exit 0 at once": {[]app{{name: "web", well: never, ended: corev1.ContainerStateTerminated{Reason: "Completed"}}}, 10,
			14, []string{"Completed (exit code 0)"}},
		"out of memory at its start": {[]app{{name: "web", well: never, ended: oom}}, 0.5, 2, []string{"OOMKilled (exit code 137)"}},
		"out of memory later": {[]app{probed(app{name: "web", well: never, lasts: 15 * time.Second, ended: oom})}, 75, 100,
			[]string{"OOMKilled"}},
		"a command that is missing": {[]app{{name: "web", well: never, starts: `exec: "serve": executable file not found in $PATH`}}, 3, 6,
			[]string{"executable file not found"}},
		"one crash, then well":           {[]app{{name: "web", well: 100 * time.Millisecond}}, 3, 4, nil},
		"two crashes, then well":         {[]app{{name: "web", well: 5 * time.Second}}, 13, 15, nil},
		"three crashes, then well":       {[]app{{name: "web", well: 15 * time.Second}}, 33, 35, nil},
		"three crashes, with a probe":    {[]app{probed(app{name: "web", well: 15 * time.Second})}, 33, 35, nil},
		"a database after 15 s":          {[]app{needy("web"), db(15 * time.Second)}, 30, 40, nil},
		"a database after 20 s":          {[]app{needy("web"), db(20 * time.Second)}, 30, 40, nil},
		"a database after 40 s":          {[]app{needy("web"), db(40 * time.Second)}, 70, 80, nil},
		"a database after 60 s":          {[]app{probed(needy("web")), db(60 * time.Second)}, 70, 80, nil},
		"a database after 100 s":         {[]app{needy("web"), db(100 * time.Second)}, 150, 160, nil},
		"one that is ready as it starts": {[]app{needy("web"), {name: "db"}}, 3, 15, nil},
		"one that crashes twice itself":  {[]app{needy("web"), {name: "db", well: 5 * time.Second}}, 30, 40, nil},
		"one outside, after 20 s":        {[]app{{name: "web", well: 20 * time.Second}}, 33, 35, nil},
		"two that wait for a migration":  {[]app{needy("web"), probed(needy("api")), db(25 * time.Second)}, 30, 40, nil},
		"two that crash for one reason": {[]app{{name: "web", well: never}, probed(app{name: "api", well: never, lasts: 2 * time.Second})},
			40, 60, []string{"pod web-1", "pod api-1"}},
		"one that is ready soon, one never":  {[]app{{name: "web", well: never}, db(5 * time.Second)}, 40, 45, []string{"pod web-1"}},
		"its last crash was before the last": {[]app{{name: "web", well: never}, db(36 * time.Second)}, 70, 80, []string{"restarted 4 times"}},
		"two replicas and one lock, for 38 s": {[]app{{name: "db", probe: 38 * time.Second}, {name: "web", of: "db", needs: "db"}}, 70, 80,
			nil},
		"two replicas, both crash": {[]app{{name: "web", well: never}, {name: "two", of: "web", well: never, lasts: time.Second}}, 40, 60,
			[]string{"restarted 3 times"}},
		"two replicas, one crashes": {[]app{{name: "web"}, {name: "two", of: "web", well: never}}, 40, 50, []string{"pod two-1"}},
		"a loop of before, mended":  {[]app{{name: "web", from: -60 * time.Second, well: -time.Second}}, 10, 25, nil},
		"a loop of before, goes on": {[]app{{name: "web", from: -60 * time.Second, well: never}}, 10, 20, []string{"pod web-1"}},
		"a loop of before, a long back-off": {[]app{{name: "web", from: -90 * time.Second, well: never}}, 60, 80,
			[]string{"restarted 5 times"}},
		"a loop of before, at a lucky moment": {[]app{{name: "web", from: -150 * time.Second, lasts: 30 * time.Second, well: never}}, 5, 150,
			[]string{"pod web-1"}},
		"a database added, deployed again": {[]app{{name: "web", from: -50 * time.Second, needs: "db"}, db(10 * time.Second)}, 20, 40, nil},
		"unchanged, and well for long":     {[]app{{name: "web", from: -time.Hour, well: -time.Hour}}, 0, 0, nil},
		"unchanged, started a moment ago":  {[]app{{name: "web", from: -5 * time.Second, well: -time.Hour}}, 0, 0, nil},
		"unchanged, it once crashed":       {[]app{{name: "web", from: -time.Hour, well: -time.Hour + 15*time.Second}}, 0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			took, reasons := rollOut(tt.apps, 3*time.Second)
			if took.Seconds() < tt.least || took.Seconds() > tt.most {
				t.Errorf("it took %s, want %g to %g s", took, tt.least, tt.most)
			}
			if len(reasons) != len(tt.reasons) {
				t.Fatalf("reasons %q", reasons)
			}
			for i, want := range tt.reasons {
				if !strings.Contains(reasons[i], want) {
					t.Errorf("reason %q, want %q in it", reasons[i], want)
				}
			}
		})
	}
}
