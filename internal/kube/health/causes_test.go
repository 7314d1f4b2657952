package health

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
)

// What a pod's status and events tell, in the words of kubelets, runtimes and
// schedulers, and what is made of it.
func TestPodCause(t *testing.T) {
	const (
		image    = "registry.example.com:5000/shop:9f2c1e7"
		pulled   = `Back-off pulling image "` + image + `": ErrImagePull: failed to pull and unpack image "` + image + `": `
		resolved = pulled + `failed to resolve reference "` + image + `": `
		spec     = "{containers: [{name: app, image: '" + image + "', resources: {limits: {memory: 64Mi}}}], initContainers: [{name: migrate, image: 'm:1'}]}"
		cannot   = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: " +
			"unable to start container process: error during container init: "
	)
	backOff := func(message string) string { return waitsFor("ImagePullBackOff", message) }
	last := func(ended string) string {
		return "{phase: Running, containerStatuses: [{name: app, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff, message: 'back-off 40s restarting failed container=app'}}, lastState: {terminated: {" + ended + "}}}]}"
	}
	unhealthy := func(message string) string {
		return fmt.Sprintf("[{Warning: true, Reason: Unhealthy, Message: %q, Count: 3, Container: app}]", message)
	}
	warning := func(reason, message string) string {
		return fmt.Sprintf("[{Warning: true, Reason: %s, Message: %q, Count: 3}]", reason, message)
	}
	unscheduled := func(message string) string {
		return fmt.Sprintf("{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: %q}]}", message)
	}
	const runs = "{phase: Running, containerStatuses: [{name: app, state: {running: {}}}]}"
	for name, c := range map[string]struct {
		status, events string
		want           facts.Cause
	}{
		"nothing": {"{phase: Running, conditions: [{type: Ready, status: 'True'}]}", none, facts.Cause{}},
		"an image that is not there": {backOff(resolved + image + ": not found"), none,
			facts.Cause{Kind: facts.CauseImageMissing, Container: "app", About: image}},
		"a repository that is not there": {backOff(resolved + "unexpected status from HEAD request to https://registry.example.com/v2/x: manifest unknown"), none,
			facts.Cause{Kind: facts.CauseImageMissing, Container: "app", About: image}},
		"an image for another machine": {backOff(pulled + "no match for platform in manifest: not found"), none,
			facts.Cause{Kind: facts.CauseImageMissing, Container: "app", About: image, Said: "no match for platform in manifest"}},
		"an image that is refused": {backOff(resolved + "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"),
			none, facts.Cause{Kind: facts.CauseImageDenied, Container: "app", About: image}},
		"an image that is refused, for want of a pull secret": {backOff(resolved + "401 Unauthorized"),
			warning("FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (reg); attempting to pull the image may not succeed."),
			facts.Cause{Kind: facts.CauseImageDenied, Container: "app", About: image,
				Said: "Unable to retrieve some image pull secrets (reg); attempting to pull the image may not succeed."}},
		"a registry that is down": {backOff(resolved + "unexpected status from HEAD request to https://registry.example.com:5000/v2/shop/manifests/9f2c1e7: 503 Service Unavailable"),
			none, facts.Cause{Kind: facts.CauseImagePull, Container: "app", About: image,
				Said: "unexpected status from HEAD request to https://registry.example.com:5000/v2/shop/manifests/9f2c1e7: 503 Service Unavailable"}},
		"a registry that nobody knows": {backOff(resolved + `failed to do request: Head "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host`),
			none, facts.Cause{Kind: facts.CauseImagePull, Container: "app", About: image,
				Said: `Head "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host`}},
		"a registry that is down, by its host": {backOff(resolved + "pulling from host 127.0.0.1:5000 failed with status code [manifests 1]: 503 Service Unavailable"), none,
			facts.Cause{Kind: facts.CauseImagePull, Container: "app", About: image, Said: "503 Service Unavailable"}},
		"an image's name": {waitsFor("InvalidImageName", "couldn't parse image name: invalid reference format"), none,
			facts.Cause{Kind: facts.CauseImageName, Container: "app", About: image}},
		"a Secret":    {waitsFor("CreateContainerConfigError", `secret "db" not found`), none, missingOf("app", "Secret db")},
		"a ConfigMap": {waitsFor("CreateContainerConfigError", `configmap "settings" not found`), none, missingOf("app", "ConfigMap settings")},
		"a key": {waitsFor("CreateContainerConfigError", "couldn't find key url in Secret n/db"), none,
			missingOf("app", "key url of Secret db")},
		"a user": {waitsFor("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), none,
			facts.Cause{Kind: facts.CauseStart, Container: "app", Said: "container has runAsNonRoot and image will run as root"}},
		"a volume's Secret": {creating, warning("FailedMount", noSecret), missingOf("", "Secret tls")},
		"a volume's key": {creating, warning("FailedMount", `MountVolume.SetUp failed for volume "v" : references non-existent config key: url`),
			missingOf("", "key url of a ConfigMap")},
		"a claim": {unscheduled(`persistentvolumeclaim "data" not found`), none, missingOf("", "PersistentVolumeClaim data")},
		"a sandbox": {creating, warning("FailedCreatePodSandBox", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network: no IP addresses`),
			facts.Cause{Kind: facts.CausePod, Said: "FailedCreatePodSandBox: failed to setup network: no IP addresses"}},
		"a folder": {creating, warning("FailedMount", `MountVolume.SetUp failed for volume "v" : hostPath type check failed: /x is not a directory`),
			facts.Cause{Kind: facts.CausePod, Said: `FailedMount: MountVolume.SetUp failed for volume "v" : hostPath type check failed: /x is not a directory`}},
		"a command": {waitsFor("RunContainerError", cannot+`exec: "nope": executable file not found in $PATH: unknown`), none,
			facts.Cause{Kind: facts.CauseStart, Container: "app", Said: `exec: "nope": executable file not found in $PATH`}},
		"a command, by how it ended": {
			last("reason: StartError, exitCode: 128, message: '" + cannot + `exec: "/x": permission denied: unknown'`), none,
			facts.Cause{Kind: facts.CauseStart, Container: "app", Said: `exec: "/x": permission denied`}},
		"a hook after the start": {waitsFor("PostStartHookError", `Exec lifecycle hook ([/bin/false]) for Container "app" failed - error: command '/bin/false' exited with 1`), none,
			facts.Cause{Kind: facts.CauseStart, Container: "app", Said: "its postStart hook failed: command '/bin/false' exited with 1"}},
		"memory": {last("reason: OOMKilled, exitCode: 137"), none,
			facts.Cause{Kind: facts.CauseMemory, Container: "app", About: "64Mi", ExitCode: 137}},
		"a crash": {last("reason: Error, exitCode: 2"), none, facts.Cause{Kind: facts.CauseCrash, Container: "app", ExitCode: 2}},
		"a crash with last words": {last(`reason: Error, exitCode: 2, message: "starting\npassword=hunter2 is wrong\n"`), none,
			facts.Cause{Kind: facts.CauseCrash, Container: "app", ExitCode: 2, Said: "password=(hidden) is wrong"}},
		"a crash, and a readiness probe that found nothing": {last("reason: Error, exitCode: 2"),
			unhealthy("Readiness probe failed: connection refused"),
			facts.Cause{Kind: facts.CauseCrash, Container: "app", ExitCode: 2}},
		"an end without a fault": {last("reason: Completed, exitCode: 0"), none, facts.Cause{Kind: facts.CauseEnds, Container: "app"}},
		"a crash, and a startup probe that found nothing": {last("reason: Error, exitCode: 1"),
			unhealthy("Startup probe failed: connection refused"), facts.Cause{Kind: facts.CauseCrash, Container: "app", ExitCode: 1}},
		"a liveness probe, and an end of the app's own": {last("reason: Completed, exitCode: 0"),
			both(unhealthy("Liveness probe failed: timeout"), warning("Killing", "Container app failed liveness probe, will be restarted")),
			facts.Cause{Kind: facts.CauseProbe, Container: "app", Said: "Liveness probe failed: timeout"}},
		"a liveness probe": {last("reason: Error, exitCode: 137"), unhealthy("Liveness probe failed: HTTP probe failed with statuscode: 500"),
			facts.Cause{Kind: facts.CauseProbe, Container: "app", Said: "Liveness probe failed: HTTP probe failed with statuscode: 500"}},
		"a readiness probe": {runs, unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503"),
			facts.Cause{Kind: facts.CauseProbe, Container: "app", Said: "Readiness probe failed: HTTP probe failed with statuscode: 503"}},
		"time": {runs, none, facts.Cause{Kind: facts.CauseNotReady, Container: "app"}},
		"an init container": {"{phase: Pending, initContainerStatuses: [{name: migrate, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 3}}}], containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}",
			none, facts.Cause{Kind: facts.CauseCrash, Container: "migrate", ExitCode: 3}},
		"room": {unscheduled("0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."), none,
			facts.Cause{Kind: facts.CauseNoNode, Said: "0/1 nodes are available: 1 Insufficient cpu"}},
		"a volume": {unscheduled("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
			warning("ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`),
			facts.Cause{Kind: facts.CauseVolume, Said: `storageclass.storage.k8s.io "fast" not found`}},
		"a volume, of which nothing is told": {unscheduled("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."), none,
			facts.Cause{Kind: facts.CauseVolume, Said: "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims"}},
		"an eviction": {"{phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.'}", none,
			facts.Cause{Kind: facts.CausePod, Said: "Evicted: The node was low on resource: memory."}},
	} {
		t.Run(name, func(t *testing.T) {
			var p corev1.Pod
			if err := yaml.Unmarshal([]byte("{metadata: {name: p, uid: pod}, spec: "+spec+", status: "+c.status+"}"), &p); err != nil {
				t.Fatal(err)
			}
			var events []Event
			if err := yaml.Unmarshal([]byte(c.events), &events); err != nil {
				t.Fatal(err)
			}
			if got := PodCause(&p, events, nil); got != c.want {
				t.Errorf("it is %+v, want %+v", got, c.want)
			}
		})
	}
}

func waitsFor(reason, message string) string {
	return fmt.Sprintf("{phase: Pending, containerStatuses: [{name: app, image: 'registry.example.com:5000/shop:9f2c1e7', state: {waiting: {reason: %s, message: %q}}}]}", reason, message)
}

func missingOf(container, about string) facts.Cause {
	return facts.Cause{Kind: facts.CauseConfigMissing, Container: container, About: about}
}

func TestCauseOfALostNode(t *testing.T) {
	p := aPod(t, "web-1", "a", running(0))
	p.Spec.NodeName = "n1"
	want := facts.Cause{Kind: facts.CauseNode, About: "n1", Said: "node n1 is not ready: NodeStatusUnknown"}
	if got := PodCause(p, nil, LostNodes{"n1": "node n1 is not ready: NodeStatusUnknown"}); got != want {
		t.Errorf("it is %+v, want %+v", got, want)
	}
}

// What keeps an object from having pods, or from what it is for without any.
func TestOwnerCause(t *testing.T) {
	created := func(message string) string { return event("FailedCreate", message, 3) }
	for name, c := range map[string]struct {
		owner, events string
		want          facts.Cause
	}{
		"a quota": {refusedBecause(`pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1`, ""), none,
			facts.Cause{Kind: facts.CauseQuota, About: "small", Said: "requested: pods=1, used: pods=1, limited: pods=1"}},
		"a quota that wants limits": {aStatefulSet, created(`pods "db-0" is forbidden: failed quota: small: must specify limits.cpu for: app; limits.memory for: app`),
			facts.Cause{Kind: facts.CauseQuota, About: "small", Said: "must specify limits.cpu for: app; limits.memory for: app"}},
		"Pod Security": {refusedBecause(`pods "web-1" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false`, ""), none,
			facts.Cause{Kind: facts.CauseRefused, Said: `violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false`}},
		"a limit range": {aStatefulSet, created(`create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: maximum memory usage per Container is 64Mi, but limit is 1Gi`),
			facts.Cause{Kind: facts.CauseRefused, Said: "maximum memory usage per Container is 64Mi, but limit is 1Gi"}},
		"a service account": {refusedBecause(noAccountYet, ""), none, missingOf("", "ServiceAccount app")},
		"a webhook": {refusedBecause(`Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "https://w.n.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused`, ""), none,
			facts.Cause{Kind: facts.CauseWebhook, About: "w.example.com", Said: "connection refused"}},
		"pods that were made at last": {aStatefulSet,
			both(created("exceeded quota: small, requested: pods=1"), event("SuccessfulCreate", "create Pod", 1)),
			facts.Cause{Kind: facts.CauseNotReady, Said: "its controller has not looked at it yet"}},
		"a claim": {aClaim, event("ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`, 3),
			facts.Cause{Kind: facts.CauseVolume, Said: `storageclass.storage.k8s.io "fast" not found`}},
		"a claim that has lost its volume": {strings.Replace(aClaim, "Pending", "Lost", 1), none,
			facts.Cause{Kind: facts.CauseVolume, Said: volumeLost}},
		"a claim that waits": {aClaim, none, facts.Cause{Kind: facts.CauseVolume}},
		"a custom resource": {"{apiVersion: a.b/v1, kind: Widget, metadata: {name: w, generation: 1}, status: {conditions: [{type: Ready, status: 'False', reason: NoSuchKey}]}}", none,
			facts.Cause{Kind: facts.CauseResource, Said: "NoSuchKey"}},
	} {
		t.Run(name, func(t *testing.T) {
			var events []Event
			if err := yaml.Unmarshal([]byte(c.events), &events); err != nil {
				t.Fatal(err)
			}
			if got := OwnerCause(object(t, c.owner), events); got != c.want {
				t.Errorf("it is %+v, want %+v", got, c.want)
			}
		})
	}
}

// A verdict tells the cause behind each of its reasons.
func TestVerdictTellsItsCause(t *testing.T) {
	v := Verdict{Stalled: "a", Looping: "b", stalledBy: facts.Cause{Kind: facts.CauseQuota}, loopingBy: facts.Cause{Kind: facts.CauseCrash}}
	if v.Cause("a").Kind != facts.CauseQuota || v.Cause("b").Kind != facts.CauseCrash {
		t.Errorf("%+v, %+v", v.Cause("a"), v.Cause("b"))
	}
}

// All of a cause is one bounded line without what looks like a secret.
func TestUntrustedTextInCauses(t *testing.T) {
	long := "PASSWORD=hunter2\n" + strings.Repeat("x", 4<<10)
	p := aPod(t, "web-1", "a", waiting("CreateContainerConfigError", "", 0))
	p.Status.ContainerStatuses[0].State.Waiting.Message = long
	p.Spec.Containers = []corev1.Container{{Name: "app", Image: long}}
	for _, c := range []facts.Cause{
		PodCause(p, nil, nil), createCause(long), createCause("exceeded quota: small, " + long), volumeCause(Event{Message: long}),
		imageCause(p, p.Status.ContainerStatuses[0], nil), schedulingCause(corev1.PodCondition{Message: long}, nil),
	} {
		if all := c.About + c.Said; strings.Contains(all, "hunter2") || strings.Contains(all, "\n") ||
			len(c.About) > maxSaid || len(c.Said) > maxSaid {
			t.Errorf("%+v", c)
		}
	}
}

// How a container of a Job ended is told also of a pod that goes, or that runs again.
func TestEndCause(t *testing.T) {
	for status, want := range map[string]facts.Cause{
		"{containerStatuses: [{name: app, ready: true, restartCount: 1, state: {running: {}}, lastState: {terminated: {reason: Error, exitCode: 1}}}]}": {
			Kind: facts.CauseCrash, Container: "app", ExitCode: 1},
		"{containerStatuses: [{name: app, state: {terminated: {reason: OOMKilled, exitCode: 137}}}]}": {
			Kind: facts.CauseMemory, Container: "app", ExitCode: 137},
		"{containerStatuses: [{name: app, state: {running: {}}}]}":                                  {},
		"{containerStatuses: [{name: app, state: {terminated: {reason: Completed, exitCode: 0}}}]}": {},
	} {
		if got := EndCause(aPod(t, "seed-1", "a", status)); got != want {
			t.Errorf("%s: %+v, want %+v", status, got, want)
		}
	}
}
