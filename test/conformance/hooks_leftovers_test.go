//go:build conformance

package conformance

import (
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// hooksLeftovers are the rows about this: hooks that fail bring their log, what is
// left behind is gone before its successor comes, and lost nodes are named.
var hooksLeftovers = []row{
	{ID: "T150", Setup: "SIGINT during a hook whose pod ignores SIGTERM for 6 s, then a deploy", Action: "deploy",
		End: "v2 deployed; the second hook began when the pod of the first was gone", Exit: "130, 0", run: func(s *fixture) {
			two := s.watchHookPods("web-pre-install")
			s.berthUntilHook("web-pre-install", "hooks.pre-install.delay=1h,hooks.pre-install.stop=grace,hooks.pre-install.grace=6").exit(130)
			s.berth("deploy", "--set", "hooks.pre-install.delay=0s").exit(0)
			two()
			s.stored("v1 failed, v2 deployed")
		}},
	{ID: "T151", Setup: "a hook that fails, whose Job restarts its containers, so that Kubernetes deletes the pod", Action: "deploy",
		End: "v1 failed, with the hook's log", Exit: "23", run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-install.behaviour=fail,hooks.pre-install.restart=OnFailure,hooks.pre-install.backoff=1").exit(23).
				says("web-pre-install", "exit code 1", `relation "accounts" does not exist`)
			s.stored("v1 failed")
		}},
	{ID: "T152", Setup: "a hook that outlasts its activeDeadlineSeconds, so that Kubernetes deletes the pod", Action: "deploy",
		End: "v1 failed, with the hook's log", Exit: "23", run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-install.behaviour=slow,hooks.pre-install.delay=1h,hooks.pre-install.deadline=3").exit(23).
				says("web-pre-install", "DeadlineExceeded", "warming the cache")
			s.stored("v1 failed")
		}},
	{ID: "T153", Setup: "a hook that fails, with the delete policy hook-failed", Action: "deploy",
		End: "v1 failed, with the hook's log; its Job is gone", Exit: "23", run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-install.behaviour=fail,hooks.pre-install.policy=hook-failed").exit(23).
				says("web-pre-install", "exit code 1", `relation "accounts" does not exist`)
			s.stored("v1 failed")
			s.hasNoJobs()
		}},
	{ID: "T154", Setup: "v1, pods that ignore SIGTERM for 5 s, in a namespace that stays", Action: "teardown",
		End: "none, and no pod runs when it says so", Exit: "0", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", `podAnnotations.sim\.berth\.dev/stop=grace,grace=5`).exit(0)
			s.berth("teardown").exit(0)
			for _, p := range s.appPods() {
				s.t.Errorf("pod %s is still there", p.Name)
			}
		}},
	{ID: "T155", Setup: "v1 whose pods begin to crash", Action: "check",
		End: "v1 deployed; pod, reason and log are named", Exit: "24", run: func(s *fixture) {
			s.berth("deploy", "--set", `podAnnotations.sim\.berth\.dev/behaviour=ready`).exit(0)
			s.crashPods()
			s.berth("check", "--check-timeout", "4s").exit(24).
				says("pod web-", "exit code 1", "dial tcp 10.96.0.17:5432: connect: connection refused")
			s.stored("v1 deployed")
		}},
	{ID: "T178", Setup: "v1; v2 fails for its image, and then v3 in its hook", Action: "deploy what v3 was to be, check",
		End: "v4 deployed: every object is as the chart says, and the hook ran anew", Exit: "0, 0", run: func(s *fixture) {
			s.withBoat()
			deployment := object{"apps/v1", "deployments", "web"}
			s.berth("deploy", "--set", "greeting=one").exit(0)
			s.berth("deploy", "--timeout", "15s", "--set", "replicas=2,greeting=two,"+missingImage).exit(23)
			s.has(boat(s), "spec.size", "2")
			third := "replicas=3,greeting=three,hooks.pre-upgrade.behaviour="
			s.berth("deploy", "--set", third+"fail").exit(23)
			s.has(boat(s), "spec.size", "2") // the hook comes before the objects
			s.berth("deploy", "--set", third+"complete").exit(0)
			s.oneDeployed(4)
			s.hookCompleted("pre-upgrade")
			s.has(boat(s), "spec.size", "3")
			s.has(deployment, "spec.replicas", "3")
			s.has(deployment, "spec.template.spec.containers.0.image", `"registry.example/app:1.0"`)
			if got := s.greeting(); got != "three" {
				s.t.Errorf("the ConfigMap says %q", got)
			}
			s.berth("check").exit(0)
		}},
	{ID: "T179", Setup: "the manifest sets no replicas, and a hand scaled the app to 0, then to 2", Action: "check, deploy, check, each time",
		End: "0 is named and becomes 1, which is what none said means; 2 is left alone", Exit: "24, 0, 0, 0, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/bare.yaml", bareDeployment)
			bare := object{"apps/v1", "deployments", "bare"}
			s.berth("deploy").exit(0)
			s.has(bare, "spec.replicas", "1")
			s.patch("kubectl-edit", bare, `{"spec":{"replicas":0}}`)
			s.berth("check").exit(24).says("Deployment/bare: spec.replicas is `0`, the record says `1`")
			s.berth("deploy").exit(0)
			s.has(bare, "spec.replicas", "1")
			s.berth("check").exit(0)
			s.patch("kubectl-edit", bare, `{"spec":{"replicas":2}}`)
			s.berth("check").exit(0)
			s.berth("deploy").exit(0)
			s.has(bare, "spec.replicas", "2")
			s.berth("check").exit(0)
		}},
}

// bareDeployment leaves its replicas to the server.
const bareDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: bare}
spec:
  selector: {matchLabels: {app: bare}}
  template:
    metadata: {labels: {app: bare}}
    spec: {containers: [{name: app, image: "registry.example/app:1.0", readinessProbe: {tcpSocket: {port: 80}}}]}
`

// berthUntilHook deploys until the pod of a hook runs, and interrupts that.
func (s *fixture) berthUntilHook(job, values string) ended {
	s.t.Helper()
	run := s.start("deploy", "--set", values)
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		pods := s.hookPods(job)
		return len(pods) == 1 && pods[0].Status.Phase == corev1.PodRunning, fmt.Sprintf("%d pods of %s", len(pods), job)
	})
	run.interrupt()
	return run.wait(runLimit)
}

func (s *fixture) hookPods(job string) []corev1.Pod {
	s.t.Helper()
	list, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "job-name=" + job})
	if err != nil {
		s.t.Fatal(err)
	}
	return list.Items
}

// watchHookPods watches the pods of a hook; the function that it returns fails the
// row if there never were any, or two that had not ended at a time.
func (s *fixture) watchHookPods(job string) (check func()) {
	s.t.Helper()
	watch, err := s.Client().CoreV1().Pods(s.namespace).Watch(s.t.Context(), metav1.ListOptions{LabelSelector: "job-name=" + job})
	if err != nil {
		s.t.Fatal(err)
	}
	var watching sync.WaitGroup
	names, most := map[string]bool{}, 0
	watching.Go(func() {
		alive := map[string]bool{}
		for event := range watch.ResultChan() {
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				return
			}
			names[pod.Name] = true
			if alive[pod.Name] = true; event.Type == "DELETED" || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				delete(alive, pod.Name)
			}
			most = max(most, len(alive))
		}
	})
	return func() {
		s.t.Helper()
		watch.Stop()
		watching.Wait()
		if len(names) != 2 || most != 1 {
			s.t.Errorf("%d pods of %s were seen, and %d at a time, want 2, one after the other", len(names), job, most)
		}
	}
}

// crashPods has the app's pods crash from now on.
func (s *fixture) crashPods() {
	s.t.Helper()
	pods := s.Client().CoreV1().Pods(s.namespace)
	for _, p := range s.appPods() {
		p.Annotations["sim.berth.dev/behaviour"] = "crash-loop"
		if _, err := pods.Update(s.t.Context(), &p, metav1.UpdateOptions{}); err != nil {
			s.t.Fatal(err)
		}
	}
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		for _, p := range s.appPods() {
			if len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].RestartCount > 1 {
				return true, ""
			}
		}
		return false, "no pod has crashed twice"
	})
}
