package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// probed gives the containers of a pod a readiness probe.
func probed(template corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	for i := range template.Spec.Containers {
		template.Spec.Containers[i].ReadinessProbe = &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
	}
	return template
}

// moment is what a pod's status said, and when.
type moment struct {
	at       time.Time
	is       string // running, waiting's reason, or terminated's
	ready    bool
	restarts int32
	last     string // reason of the last termination
}

// follow returns what a pod's first container goes through, until the watch has
// seen that.
func follow(t *testing.T, name string, until func([]moment) bool) []moment {
	t.Helper()
	over := time.After(deadline)
	watch, err := shared.client.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	var seen []moment
	for !until(seen) {
		select {
		case event := <-watch.ResultChan():
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				t.Fatalf("the watch of %s ended: %+v", name, event)
			}
			if all := pod.Status.ContainerStatuses; len(all) > 0 {
				last, _ := ended(all[0].LastTerminationState)
				is, _ := ended(all[0].State)
				if is == "" {
					is = waiting(all[0])
				}
				seen = append(seen, moment{time.Now(), is, ready(pod), all[0].RestartCount, last})
			}
		case <-over:
			t.Fatalf("not within %s: %+v", deadline, seen)
		}
	}
	return seen
}

// A crash loop is a kubelet's: the first restart comes at once, each later one takes
// twice as long, and the restart count is that of the container that runs. Without a
// readiness probe the pod is ready while it runs; with one it never is.
func TestCrashLoopIsAKubelets(t *testing.T) {
	for name, bare := range map[string]bool{"without a probe": true, "with a probe": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template := podTemplate("registry.example/app:1", map[string]string{"behaviour": "crash-loop", "time-scale": "0.2"})
			if !bare {
				template = probed(template)
			}
			seen := follow(t, create(t, template), func(all []moment) bool {
				return len(all) > 0 && all[len(all)-1].restarts == 3
			})
			want := []string{" 0", "Error 0", " 1", "Error 1", "CrashLoopBackOff 1", " 2", "Error 2", "CrashLoopBackOff 2", " 3"}
			var got []string
			for _, m := range seen {
				got = append(got, fmt.Sprint(m.is, " ", m.restarts))
				if m.ready != (bare && m.is == "") {
					t.Errorf("ready: %t at %+v", m.ready, m)
				}
				if lasts := m.restarts > 0; lasts != (m.last == "Error") {
					t.Errorf("the last end is %q at %+v", m.last, m)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			first, second, third := seen[2].at.Sub(seen[1].at), seen[5].at.Sub(seen[3].at), seen[8].at.Sub(seen[6].at)
			if first > 1500*time.Millisecond || second < 1900*time.Millisecond || third < 3900*time.Millisecond {
				t.Errorf("restarted after %s, %s, %s; want at once, 2s, 4s", first, second, third)
			}
		})
	}
}

// What cannot start is restarted as what crashes, and says why all along.
func TestUnstarted(t *testing.T) {
	for behaviour, want := range map[string]struct {
		reason, last, event, message string
	}{
		"start-error":      {"RunContainerError", "StartError", "Failed", "no such file or directory"},
		"post-start-error": {"PostStartHookError", "Error", "FailedPostStartHook", "PostStartHook failed"},
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": behaviour})
			seen := follow(t, name, func(all []moment) bool { return len(all) == 4 })
			var got []string
			for _, m := range seen {
				got = append(got, fmt.Sprint(m.is, " ", m.restarts, " ", m.last, " ", m.ready))
			}
			if want := []string{want.reason + " 0 " + want.last + " false", want.reason + " 1 " + want.last + " false",
				"CrashLoopBackOff 1 " + want.last + " false", want.reason + " 2 " + want.last + " false"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			awaitEvent(t, name, want.event, want.message)
		})
	}
}

// The status of a pull that fails is a sync behind its events: the second pull has
// failed when the status tells of the back-off.
func TestPullStatusIsLate(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:missing", map[string]string{"time-scale": "0.3"})
	seen := follow(t, name, func(all []moment) bool { return len(all) == 4 })
	var got []string
	for _, m := range seen {
		got = append(got, m.is)
	}
	if want := []string{"ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	list, err := shared.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range list.Items {
		if strings.HasPrefix(event.Message, "Failed to pull image") && event.Count != 2 {
			t.Errorf("%d failed pulls when the status tells of the second", event.Count)
		}
	}
}

// Probes that fail are told by events alone, but that a liveness probe kills.
func TestProbesFail(t *testing.T) {
	t.Parallel()
	unready := create(t, probed(podTemplate("registry.example/app:1", map[string]string{"behaviour": "unready"})))
	awaitEvent(t, unready, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
	awaitPod(t, unready, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
		return status.State.Running != nil && !ready(pod) && status.RestartCount == 0
	})
	killed := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "liveness-kill", "time-scale": "0.02"})
	awaitEvent(t, killed, "Unhealthy", "Liveness probe failed: ")
	awaitEvent(t, killed, "Killing", "Container app failed liveness probe, will be restarted")
	awaitPod(t, killed, func(_ *corev1.Pod, status corev1.ContainerStatus) bool {
		reason, code := ended(status.LastTerminationState)
		return reason == "Error" && code == 137 && status.RestartCount >= 2
	})
}

// A server that ends well is restarted all the same; a Job's is done.
func TestExitZero(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "exit-zero"})
	awaitPod(t, name, func(_ *corev1.Pod, status corev1.ContainerStatus) bool {
		reason, code := ended(status.LastTerminationState)
		return waiting(status) == "CrashLoopBackOff" && reason == "Completed" && code == 0
	})
	template := podTemplate("registry.example/app:1", map[string]string{"behaviour": "exit-zero"})
	template.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
	awaitPod(t, create(t, template), func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return pod.Status.Phase == corev1.PodSucceeded })
}

// A pod that waits for another object crashes until that is there, and is well then;
// one that is not restarted for ever has ended.
func TestCrashesUntil(t *testing.T) {
	t.Parallel()
	db := createPod(t, "registry.example/db:1", map[string]string{"behaviour": "slow", "delay": "3s"})
	settings := map[string]string{"behaviour": "crash-loop", "until": "Pod/" + db, "time-scale": "0.05"}
	web := createPod(t, "registry.example/app:1", settings)
	job := podTemplate("registry.example/app:1", settings)
	job.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
	migration := create(t, job)
	awaitPod(t, web, func(_ *corev1.Pod, status corev1.ContainerStatus) bool { return waiting(status) == "CrashLoopBackOff" })
	awaitPod(t, db, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })
	var restarts int32
	awaitPod(t, web, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
		restarts = status.RestartCount
		return ready(pod) && strings.Contains(fmt.Sprint(pod.Status.Conditions), "sim.berth.dev/Passed")
	})
	if restarts < 1 {
		t.Errorf("it restarted %d times", restarts)
	}
	awaitPod(t, migration, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return pod.Status.Phase == corev1.PodSucceeded })
}

// One container of several crashes, a sidecar too; the others run.
func TestOneContainerCrashes(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	for _, crashing := range []string{"app", "helper", "proxy"} {
		t.Run(crashing, func(t *testing.T) {
			t.Parallel()
			template := probed(podTemplate("registry.example/app:1", map[string]string{"behaviour": "crash-loop", "container": crashing}))
			template.Spec.Containers = append(template.Spec.Containers, corev1.Container{Name: "helper", Image: "registry.example/app:1",
				ReadinessProbe: template.Spec.Containers[0].ReadinessProbe})
			template.Spec.InitContainers = []corev1.Container{{Name: "proxy", Image: "registry.example/app:1", RestartPolicy: &always}}
			name := create(t, template)
			eventually(t, func() error {
				pod, err := shared.client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
				if len(all) != 3 || pod.Status.Phase != corev1.PodRunning {
					return fmt.Errorf("%s has %+v", name, pod.Status)
				}
				for _, s := range all {
					if crashes := s.Name == crashing; crashes != (waiting(s) == "CrashLoopBackOff") || crashes == s.Ready {
						return fmt.Errorf("%s has %+v", name, all)
					}
				}
				return nil
			})
		})
	}
}
