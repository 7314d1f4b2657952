package health

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// at is one moment of a rollout, with what has changed by then.
type at struct {
	second float64
	owner  string // a whole object; empty: as before
	pod    string // its status; empty: as before
	events string // of the pod and the owner alike; empty: as before
}

func running(restarts int) string {
	return fmt.Sprintf("{phase: Running, containerStatuses: [{name: app, restartCount: %d, state: {running: {}}}]}", restarts)
}

func waiting(reason, message string, restarts int) string {
	return fmt.Sprintf("{phase: Pending, containerStatuses: [{name: app, restartCount: %d, state: {waiting: {reason: %s, message: %q}}, lastState: {terminated: {reason: Error, exitCode: 1}}}]}", restarts, reason, message)
}

const (
	aDeployment  = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: owner, generation: 1}, status: %s}"
	aStatefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, uid: owner, generation: 1}, status: {}}"
	aJob         = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: owner, generation: 1}, status: {active: 1}}"
	aClaim       = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, uid: owner}, status: {phase: Pending}}"
	notFound     = "failed to resolve reference x:missing: not found"
	noNode       = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/1 nodes}]}"
	creating     = "{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}"
	oom          = "{phase: Running, containerStatuses: [{name: app, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}}]}"
	initCrash    = "{phase: Pending, initContainerStatuses: [{name: migrate, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 3}}}], containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}"
	none         = "[]"
	noSecret     = "MountVolume.SetUp failed for volume \"v\" : secret \"tls\" not found"
	noAccountYet = "pods \"web-1\" is forbidden: error looking up service account n/app: serviceaccount \"app\" not found"
)

var (
	full        = strings.Replace(noNode, "0/1 nodes", "'0/1 nodes are available: 1 Insufficient cpu.'", 1)
	noVolumeYet = strings.Replace(noNode, "0/1 nodes", "'0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.'", 1)
)

// both joins two lists of events.
func both(a, b string) string { return a[:len(a)-1] + ", " + b[1:] }

func refusedBecause(message, more string) string {
	return fmt.Sprintf(aDeployment,
		fmt.Sprintf("{observedGeneration: 1, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: %q}]%s}",
			message,
			more))
}

func event(reason, message string, count int) string {
	return fmt.Sprintf("[{Reason: %s, Message: %q, Count: %d, Current: true}]", reason, message, count)
}

func TestStalled(t *testing.T) {
	quota := "pods \"web-1\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1"
	tests := map[string]struct {
		operators bool
		moments   []at
		when      float64 // the moment of the verdict; negative: never
		reason    string
	}{
		"an image that is not there": {false,
			[]at{{0, "", waiting("ErrImagePull", notFound, 0), ""}, {0.5, "", waiting("ImagePullBackOff", notFound, 0), ""}, {2.9, "", "", ""},
				{3, "", "", ""}}, 3, "ImagePullBackOff"},
		"a pull that works at last": {false,
			[]at{{0, "", waiting("ErrImagePull", "503 from the registry", 0), ""}, {9, "", waiting("ImagePullBackOff", "Back-off", 0), ""},
				{12, "", running(0), ""}}, -1, ""},
		"an image name of nonsense": {false, []at{{0, "", waiting("InvalidImageName", "bad", 0), ""}}, 0, "InvalidImageName"},
		"a Secret without the key": {false,
			[]at{{0, "", waiting("CreateContainerConfigError", "couldn't find key url in Secret n/db", 0), ""}, {3, "", "", ""}}, 3,
			"couldn't find key url in Secret n/db"},
		"a Secret that comes": {false,
			[]at{{0, "", waiting("CreateContainerConfigError", "secret \"db\" not found", 0), ""}, {2, "", "", ""}, {2.5, "", running(0), ""},
				{9, "", "", ""}}, -1, ""},
		"a Secret an operator makes": {true,
			[]at{{0, "", waiting("CreateContainerConfigError", "secret \"db\" not found", 0), ""}, {29, "", "", ""}, {30, "", "", ""}}, 30,
			"secret \"db\" not found"},
		"a Job's missing image": {false, []at{{0, aJob, waiting("ErrImagePull", notFound, 0), ""}, {3, "", "", ""}}, 3,
			"ErrImagePull"},
		"a quota":            {false, []at{{0, refusedBecause(quota, ""), "", ""}, {1, "", "", ""}}, 1, "exceeded quota"},
		"as before: a quota": {false, []at{{0, refusedBecause(quota, ""), "", ""}, {60, "", "", ""}}, -1, ""},
		"as before: an image": {false,
			[]at{{0, "", waiting("ErrImagePull", notFound, 0), ""}, {0.5, "", waiting("ImagePullBackOff", notFound, 0), ""}, {200, "", "", ""},
				{210, "", running(0), ""}}, -1, ""},
		"as before: no image yet": {true,
			[]at{{0, "", waiting("ImagePullBackOff", notFound, 0), ""}, {200, "", waiting("ErrImagePull", notFound, 0), ""},
				{201, "", waiting("ImagePullBackOff", notFound, 0), ""}}, 201, "ImagePullBackOff"},
		"as before: a Secret": {false,
			[]at{{0, "", waiting("CreateContainerConfigError", "secret \"db\" not found", 0), ""}, {29, "", "", ""}, {30, "", "", ""}}, 30,
			"secret \"db\" not found"},
		"as before: a volume": {false,
			[]at{{0, "", creating, event("FailedMount", noSecret, 9)}, {119, "", "", ""}, {120, "", "", ""}}, 120, "secret \"tls\" not found"},
		"credentials to come": {true,
			[]at{{0, "", waiting("ErrImagePull", "401 Unauthorized", 0), ""}, {1, "", waiting("ImagePullBackOff", "ErrImagePull: 401 Unauthorized",
				0), ""},
				{10, "", waiting("ErrImagePull", "401 Unauthorized", 0), ""}, {11, "", waiting("ImagePullBackOff", "ErrImagePull: 401 Unauthorized",
					0), ""},
				{30, "", "", ""}}, 30, "ImagePullBackOff"},
		"a quota, room to come": {false,
			[]at{{0, refusedBecause(quota, ", replicas: 4, updatedReplicas: 1"), "", ""},
				{20, refusedBecause(quota, ", replicas: 4, updatedReplicas: 2"), "", ""}, {40, "", "", ""}}, -1, ""},
		"a quota, of the old pods": {false,
			[]at{{0, strings.ReplaceAll(refusedBecause(quota, ""), "eneration: 1", "eneration: 2"), "", ""}, {60, "", "", ""}}, -1, ""},
		"a quota, not looked at": {false,
			[]at{{0, strings.Replace(refusedBecause(quota, ""), "generation: 1", "generation: 2", 1), "", ""}, {60, "", "", ""}}, -1, ""},
		"Pod Security": {false,
			[]at{{0, refusedBecause("pods \"web-1\" is forbidden: violates PodSecurity \"restricted\"", ""), "", ""}, {1, "", "", ""}}, 1,
			"violates PodSecurity"},
		"a webhook that is down": {false,
			[]at{{0, refusedBecause("failed calling webhook \"x\": connection refused", ""), "", ""}, {20, fmt.Sprintf(aDeployment, "{}"), "",
				""}},
			-1, ""},
		"a StatefulSet's quota": {false,
			[]at{{0, aStatefulSet, "", event("FailedCreate", quota, 1)}, {0.5, "", "", event("FailedCreate", quota, 2)}}, 0.5, "exceeded quota"},
		"what was before the change": {false,
			[]at{{0, aStatefulSet, "", strings.Replace(event("FailedCreate", quota, 30), "true", "false", 1)}, {60, "", "", ""}}, -1, ""},
		"a volume's missing Secret": {false,
			[]at{{0, "", creating, event("FailedMount", noSecret, 1)}, {1, "", "", event("FailedMount", noSecret, 2)}, {2.9, "", "", ""},
				{3, "", "", ""}}, 3, "secret \"tls\" not found"},
		"mounted late, pulled long": {false,
			[]at{{0, "", creating, event("FailedMount", noSecret, 2)},
				{2, "", "", both(event("FailedMount", noSecret, 2), event("Pulling", "Pulling image", 1))}, {90, "", "", ""}}, -1, ""},
		"mounted late, sandbox made": {false,
			[]at{{0, "", creating, event("FailedMount", noSecret, 2)},
				{2, "", strings.Replace(creating, "}}}]}", "}}}], conditions: [{type: PodReadyToStartContainers, status: 'True'}]}", 1), ""},
				{90, "", "", ""}}, -1, ""},
		"a namespace's own CA": {false,
			[]at{{0, "", creating,
				event("FailedMount", "MountVolume.SetUp failed for volume \"kube-api-access-x\" : configmap \"kube-root-ca.crt\" not found", 2)}, {29,
				"", "", ""}, {30, "", "", ""}}, 30, "kube-root-ca.crt"},
		"a claim without a class": {false,
			[]at{{0, aClaim, "", event("ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found", 2)}, {9, "", "", ""}}, 9,
			"\"fast\" not found"},
		"a claim waits for its pod": {false,
			[]at{{0, aClaim, "", event("WaitForFirstConsumer", "waiting for first consumer", 9)}, {90, "", "", ""}}, -1, ""},
		"no node": {false, []at{{0, "", noNode, none}, {29, "", "", ""}, {30, "", "", ""}}, 30,
			"no node takes it: Unschedulable: 0/1 nodes"},
		"no node, one comes": {false,
			[]at{{0, "", noNode, none}, {9, "", "", event("TriggeredScaleUp", "pod triggered scale-up", 1)}, {90, "", "", ""}}, -1, ""},
		"no node, and none comes": {false, []at{{0, "", noNode, event("NotTriggerScaleUp", "max size reached", 1)}, {30, "", "", ""}},
			30, "0/1 nodes"},
		"no node, events unread": {false, []at{{0, "", noNode, ""}, {90, "", "", ""}}, -1, ""},
		"no room":                {false, []at{{0, "", full, none}, {59, "", "", ""}, {60, "", "", ""}}, 60, "Insufficient cpu"},
		"room is made": {false,
			[]at{{0, "", strings.Replace(full, "phase: Pending", "phase: Pending, nominatedNodeName: n", 1), none}, {99, "", "", ""}}, -1, ""},
		"a volume in the making": {false, []at{{0, "", noVolumeYet, none}, {119, "", "", ""}, {120, "", "", ""}}, 120,
			"unbound immediate"},
		"a StatefulSet's claim": {false,
			[]at{{0, "", noVolumeYet, none},
				{1, "", "", event("ProvisioningFailed", "claim data-db-0: storageclass.storage.k8s.io \"fast\" not found", 1)}, {9.5, "", "", ""},
				{10, "", "", ""}}, 10, "claim data-db-0: storageclass"},
		"a driver tries again": {false,
			[]at{{0, aClaim, "", event("ProvisioningFailed", "rpc error: code = DeadlineExceeded", 9)},
				{110, "", "", event("ProvisioningSucceeded", "Successfully provisioned volume", 1)}, {200, "", "", ""}}, -1, ""},
		"a driver fails": {false,
			[]at{{0, aClaim, "", event("ProvisioningFailed", "rpc error: code = ResourceExhausted", 9)}, {120, "", "", ""}}, 120,
			"ResourceExhausted"},
		"a volume that is gone": {false, []at{{0, strings.Replace(aClaim, "Pending", "Lost", 1), "", none}}, 0, "is gone"},
		"an admission policy": {false,
			[]at{{0, refusedBecause("pods \"web-1\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", ""), "", ""},
				{1, "", "", ""}}, 1, "denied request: no"},
		"an account that comes": {true, []at{{0, refusedBecause(noAccountYet, ""), "", ""}, {29, "", "", ""}, {30, "", "", ""}}, 30,
			"serviceaccount"},
		"no account": {false, []at{{0, refusedBecause(noAccountYet, ""), "", ""}, {3, "", "", ""}}, 3, "serviceaccount"},
		"refused once, made at last": {false,
			[]at{{0, aStatefulSet, "", event("FailedCreate", "Operation cannot be fulfilled on resourcequotas", 1)},
				{1, "", creating,
					both(event("FailedCreate", "Operation cannot be fulfilled on resourcequotas", 1), event("SuccessfulCreate", "create Pod", 1))}, {90,
					"", "", ""}}, -1, ""},
		"a quota, then room": {false,
			[]at{{0, aStatefulSet, "", event("FailedCreate", quota, 1)},
				{0.5, "", creating, both(event("FailedCreate", quota, 9), event("SuccessfulCreate", "create Pod", 1))}, {90, "", "", ""}}, -1, ""},
		"slow": {false, []at{{0, "", creating, none}, {200, "", running(0), ""}, {400, "", running(1), ""}}, -1, ""},
		"a pod that goes": {false,
			[]at{{0, "", waiting("ErrImagePull", notFound, 0), ""}, {2, "", "{phase: Failed, reason: Evicted}", ""}, {9, "", "", ""}}, -1, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := Evidence{Owner: object(t, fmt.Sprintf(aDeployment, "{}")), CustomResources: tt.operators,
				PriorFailure: strings.HasPrefix(name, "as before: ")}
			f.Unchanged = f.PriorFailure
			var history History
			begin := time.Unix(1e9, 0)
			for _, m := range tt.moments {
				advance(t, &f, m)
				var v Verdict
				v, history = Stalled(f, history, begin.Add(time.Duration(m.second*float64(time.Second))))
				reason := v.Stalled + v.Looping
				if due := m.second == tt.when; due != (reason != "") {
					t.Fatalf("at %g s: %q", m.second, reason)
				}
				if !strings.Contains(reason, tt.reason) && m.second == tt.when {
					t.Errorf("at %g s: %q, want %q in it", m.second, reason, tt.reason)
				}
			}
		})
	}
}

func aPod(t *testing.T, name, uid, status string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := yaml.Unmarshal([]byte(fmt.Sprintf("{metadata: {name: %s, uid: %s}, status: %s}", name, uid, status)), p); err != nil {
		t.Fatal(err)
	}
	return p
}

// advance brings the evidence to a moment.
func advance(t *testing.T, f *Evidence, m at) {
	t.Helper()
	if m.owner != "" {
		f.Owner = object(t, m.owner)
	}
	if m.pod != "" {
		p := aPod(t, "p", "pod", m.pod)
		p.OwnerReferences = []metav1.OwnerReference{{Kind: f.Owner.GetKind()}}
		f.Pods = []*corev1.Pod{p}
	}
	if m.events != "" {
		var list []Event
		if err := yaml.Unmarshal([]byte(m.events), &list); err != nil {
			t.Fatal(err)
		}
		f.Events = map[types.UID][]Event{"pod": list, "owner": list}
	}
}

// A pod that is made anew under its name has no history. A node that is added for one
// pod serves the other pods of the workload, too.
func TestStalledKeepsPodsApart(t *testing.T) {
	f := Evidence{Owner: object(t, aStatefulSet)}
	begin := time.Unix(1e9, 0)
	var v Verdict
	var history History
	for i, uid := range []string{"a", "b", "c"} { // each drained away after 2 s
		p := aPod(t, "db-0", uid, waiting("CreateContainerConfigError", `secret "db" not found`, 0))
		f.Pods = []*corev1.Pod{p}
		for _, second := range []int{0, 2} {
			if v, history = Stalled(f, history, begin.Add(time.Duration(3*i+second)*time.Second)); v != (Verdict{}) {
				t.Errorf("pod %s: %+v", uid, v)
			}
		}
	}
	f.Pods = []*corev1.Pod{aPod(t, "web-1", "a", noNode), aPod(t, "web-2", "b", noNode)}
	f.Events = map[types.UID][]Event{"a": {{Reason: "TriggeredScaleUp"}}, "b": {}}
	_, history = Stalled(f, History{}, begin)
	if v, _ = Stalled(f, history, begin.Add(time.Hour)); v != (Verdict{}) {
		t.Errorf("while a node is made: %+v", v)
	}
}

// The present state of a pod that is much older than the wait is no fault, even if its
// owner was changed, to have more replicas say.
func TestStalledSparesOldPods(t *testing.T) {
	begin := time.Unix(1e9, 0)
	for age, want := range map[time.Duration]bool{time.Hour: false, -time.Second: true, time.Second: true} {
		p := aPod(t, "web-1", "a", waiting("CreateContainerConfigError", `secret "db" not found`, 0))
		p.CreationTimestamp = metav1.NewTime(begin.Add(-age))
		f := Evidence{Owner: object(t, fmt.Sprintf(aDeployment, "{}")), Pods: []*corev1.Pod{p}, WaitStart: begin}
		_, history := Stalled(f, History{}, begin)
		if v, _ := Stalled(f, history, begin.Add(transientTime)); (v.Stalled != "") != want {
			t.Errorf("a pod made %s before: %+v", age, v)
		}
	}
}

// A malformed status is no fault, and no panic.
func TestStalledOverNonsense(t *testing.T) {
	for _, text := range []string{"{apiVersion: apps/v1, kind: Deployment}", "{apiVersion: apps/v1, kind: StatefulSet, status: [1]}",
		"{apiVersion: apps/v1, kind: Deployment, status: {conditions: [1, {type: ReplicaFailure}]}}",
		"{apiVersion: v1, kind: Pod, status: 3}"} {
		if v, _ := Stalled(Evidence{Owner: object(t, text), Pods: []*corev1.Pod{{}}}, History{}, time.Now()); v != (Verdict{}) {
			t.Errorf("%s: %+v", text, v)
		}
	}
}
