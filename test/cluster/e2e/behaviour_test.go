package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podTemplate is one container of that image; settings are annotations without
// their common prefix.
func podTemplate(image string, settings map[string]string) corev1.PodTemplateSpec {
	annotations := map[string]string{}
	for key, value := range settings {
		annotations["sim.berth.dev/"+key] = value
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Annotations: annotations},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyAlways,
			Containers:    []corev1.Container{{Name: "app", Image: image}},
		},
	}
}

func createPod(t *testing.T, image string, settings map[string]string) string {
	t.Helper()
	return create(t, podTemplate(image, settings))
}

func create(t *testing.T, template corev1.PodTemplateSpec) string {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.GenerateName = "pod-"
	made, err := shared.client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Name
}

// awaitPod waits until the pod's status passes.
func awaitPod(t *testing.T, name string, want func(*corev1.Pod, corev1.ContainerStatus) bool) {
	t.Helper()
	eventually(t, func() error {
		pod, err := shared.client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(pod.Status.ContainerStatuses) == 1 && want(pod, pod.Status.ContainerStatuses[0]) {
			return nil
		}
		return fmt.Errorf("%s has %+v", name, pod.Status)
	})
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func waiting(status corev1.ContainerStatus) string {
	if status.State.Waiting == nil {
		return ""
	}
	return status.State.Waiting.Reason
}

func ended(state corev1.ContainerState) (reason string, code int32) {
	if state.Terminated == nil {
		return "", -1
	}
	return state.Terminated.Reason, state.Terminated.ExitCode
}

func logs(t *testing.T, pod string, options *corev1.PodLogOptions) string {
	t.Helper()
	text, err := shared.client.CoreV1().Pods("default").GetLogs(pod, options).DoRaw(t.Context())
	if err != nil {
		t.Fatalf("reading the log of %s: %v", pod, err)
	}
	return string(text)
}

func awaitEvent(t *testing.T, pod, reason, part string) {
	t.Helper()
	eventually(t, func() error {
		list, err := shared.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + pod})
		if err != nil {
			return err
		}
		for _, event := range list.Items {
			if event.Reason == reason && strings.Contains(event.Message, part) {
				return nil
			}
		}
		return fmt.Errorf("no event %s %q among %d of %s", reason, part, len(list.Items), pod)
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", nil)
	awaitPod(t, name, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool {
		return ready(pod) && pod.Status.PodIP != "" && pod.Status.Phase == corev1.PodRunning
	})
	if text := logs(t, name, &corev1.PodLogOptions{}); !strings.Contains(text, "ready to serve") {
		t.Errorf("the log is %q", text)
	}
	// An ordinary deletion: the node ends the pod, without its grace period.
	if err := shared.client.CoreV1().Pods("default").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		_, err := shared.client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("pod %s is still there (%s)", name, fmt.Sprint(err))
	})
}

func TestSlow(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "slow", "delay": "3s"})
	var began time.Time
	awaitPod(t, name, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
		began = pod.Status.StartTime.Time
		return status.State.Running != nil && !ready(pod)
	})
	awaitPod(t, name, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("ready after %s", took)
	}
}

func TestImagePull(t *testing.T) {
	t.Parallel()
	const image = "registry.example/app:missing" // no annotation is needed
	name := createPod(t, image, nil)
	for _, reason := range []string{"ErrImagePull", "ImagePullBackOff", "ErrImagePull"} {
		awaitPod(t, name, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
			return waiting(status) == reason && pod.Status.Phase == corev1.PodPending && strings.Contains(status.State.Waiting.Message, image)
		})
	}
	awaitEvent(t, name, "Failed", image)
	awaitEvent(t, name, "BackOff", image)
	// Stream, not DoRaw: only that one reads the server's reason.
	_, err := shared.client.CoreV1().Pods("default").GetLogs(name, &corev1.PodLogOptions{}).Stream(t.Context())
	if err == nil || !strings.Contains(err.Error(), "waiting to start") {
		t.Errorf("reading the log of a container that never started: %v", err)
	}
}

func TestCrashes(t *testing.T) {
	for behaviour, want := range map[string]struct {
		reason string
		code   int32
	}{"crash-loop": {"Error", 1}, "oom-killed": {"OOMKilled", 137}} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": behaviour})
			awaitPod(t, name, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
				reason, code := ended(status.LastTerminationState)
				return waiting(status) == "CrashLoopBackOff" && status.RestartCount >= 2 && reason == want.reason && code == want.code && !ready(pod)
			})
			awaitEvent(t, name, "BackOff", "restarting failed container app")
		})
	}
}

// What keeps a container from starting is told in a kubelet's words, or the pod's
// own.
func TestHeldUp(t *testing.T) {
	for behaviour, want := range map[string]struct{ reason, message, event string }{
		"config-error":  {"CreateContainerConfigError", `secret "credentials" not found`, "Failed"},
		"invalid-image": {"InvalidImageName", "couldn't parse image name", "InspectFailed"},
		"failed-mount":  {"ContainerCreating", "", "FailedMount"},
		"sandbox-error": {"ContainerCreating", "", "FailedCreatePodSandBox"},
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": behaviour})
			awaitPod(t, name, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
				return waiting(status) == want.reason && strings.Contains(status.State.Waiting.Message, want.message) &&
					pod.Status.Phase == corev1.PodPending
			})
			awaitEvent(t, name, want.event, want.message)
		})
	}
	t.Run("own words", func(t *testing.T) {
		t.Parallel()
		name := createPod(t, "registry.example/app:1",
			map[string]string{"behaviour": "config-error", "message": "couldn't find key url in Secret n/db"})
		awaitPod(t, name, func(_ *corev1.Pod, status corev1.ContainerStatus) bool {
			return waiting(status) == "CreateContainerConfigError" && status.State.Waiting.Message == "couldn't find key url in Secret n/db"
		})
	})
}

// A failed mount is told again and again, as a kubelet does.
func TestMountRepeats(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "failed-mount"})
	eventually(t, func() error {
		failedMounts := metav1.ListOptions{FieldSelector: "involvedObject.name=" + name + ",reason=FailedMount"}
		list, err := shared.client.CoreV1().Events("default").List(t.Context(), failedMounts)
		if err != nil {
			return err
		}
		if len(list.Items) != 1 || list.Items[0].Count < 3 ||
			list.Items[0].Message != `MountVolume.SetUp failed for volume "credentials" : secret "credentials" not found` {
			return fmt.Errorf("%s has %+v", name, list.Items)
		}
		return nil
	})
}

// What fails once, or three times, is well after that.
func TestFailsAndPasses(t *testing.T) {
	for behaviour, reason := range map[string]string{
		"image-pull-once": "ErrImagePull", "crash-loop": "CrashLoopBackOff", "init-crash": "PodInitializing",
		"failed-mount": "ContainerCreating", "sandbox-error": "ContainerCreating", "start-error": "RunContainerError",
		"post-start-error": "PostStartHookError", "config-late": "CreateContainerConfigError", "mount-late": "ContainerCreating",
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"behaviour": behaviour, "times": "3"}
			if strings.HasSuffix(behaviour, "-once") {
				delete(settings, "times")
			}
			template := podTemplate("registry.example/app:1", settings)
			if behaviour == "init-crash" {
				template.Spec.InitContainers = []corev1.Container{{Name: "migrate", Image: "registry.example/init:1"}}
			}
			name := create(t, template)
			awaitPod(t, name, func(_ *corev1.Pod, status corev1.ContainerStatus) bool { return waiting(status) == reason })
			awaitPod(t, name, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool {
				return ready(pod) && pod.Status.Phase == corev1.PodRunning
			})
		})
	}
}

// Of the init containers the first crashes; the rest, and the others, wait.
func TestInitCrash(t *testing.T) {
	t.Parallel()
	always := corev1.ContainerRestartPolicyAlways
	template := podTemplate("registry.example/app:1", map[string]string{"behaviour": "init-crash"})
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.GenerateName = "pod-"
	pod.Spec.InitContainers = []corev1.Container{
		{Name: "proxy", Image: "registry.example/init:1", RestartPolicy: &always},
		{Name: "migrate", Image: "registry.example/init:1"}, {Name: "seed", Image: "registry.example/init:1"},
	}
	made, err := shared.client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	awaitPod(t, made.Name, func(pod *corev1.Pod, status corev1.ContainerStatus) bool {
		init := pod.Status.InitContainerStatuses
		return len(init) == 3 && waiting(init[1]) == "CrashLoopBackOff" && init[1].RestartCount >= 2 && waiting(status) == "PodInitializing" &&
			init[0].Ready && waiting(init[2]) == "PodInitializing" && pod.Status.Phase == corev1.PodPending
	})
	awaitEvent(t, made.Name, "BackOff", "restarting failed container migrate")
	if text := logs(t, made.Name, &corev1.PodLogOptions{Container: "migrate", Previous: true}); !strings.Contains(text, "migration 0042") {
		t.Errorf("the log is %q", text)
	}
	misfit := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "init-crash"})
	awaitPod(t, misfit, func(_ *corev1.Pod, status corev1.ContainerStatus) bool { return waiting(status) == "UnknownBehaviour" })
}

func TestCrashLogs(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "crash-loop"})
	awaitPod(t, name, func(_ *corev1.Pod, status corev1.ContainerStatus) bool { return status.RestartCount > 0 })
	text := logs(t, name, &corev1.PodLogOptions{Previous: true})
	for _, part := range []string{"::error::injected", "goroutine 1 [running]:"} {
		if !strings.Contains(text, part) {
			t.Errorf("the log has no %q: %q", part, text)
		}
	}
	lines := int64(1)
	if last := logs(t, name, &corev1.PodLogOptions{TailLines: &lines}); last != "exit status 2\n" {
		t.Errorf("the last line is %q", last)
	}
}

func TestOwnLog(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"log": "one\ntwo\n"})
	awaitPod(t, name, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })
	if text := logs(t, name, &corev1.PodLogOptions{}); text != "one\ntwo\n" {
		t.Errorf("the log is %q", text)
	}
}

func TestMisspelt(t *testing.T) {
	t.Parallel()
	name := createPod(t, "registry.example/app:1", map[string]string{"behaviour": "redy"})
	awaitPod(t, name, func(_ *corev1.Pod, status corev1.ContainerStatus) bool {
		return waiting(status) == "UnknownBehaviour" && strings.Contains(status.State.Waiting.Message, `"redy"`)
	})
}

func TestJobs(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]string
		want     batchv1.JobConditionType
	}{
		"completes":       {nil, batchv1.JobComplete},
		"completes later": {map[string]string{"behaviour": "complete", "delay": "1s"}, batchv1.JobComplete},
		"fails":           {map[string]string{"behaviour": "fail", "delay": "500ms"}, batchv1.JobFailed},
		"out of memory":   {map[string]string{"behaviour": "oom-killed"}, batchv1.JobFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template, attempts := podTemplate("registry.example/job:1", test.settings), int32(0)
			template.Spec.RestartPolicy = corev1.RestartPolicyNever
			job := &batchv1.Job{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "job-"},
				Spec:       batchv1.JobSpec{Template: template, BackoffLimit: &attempts},
			}
			jobs := shared.client.BatchV1().Jobs("default")
			job, err := jobs.Create(t.Context(), job, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error {
				job, err := jobs.Get(t.Context(), job.Name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				for _, condition := range job.Status.Conditions {
					if condition.Type == test.want && condition.Status == corev1.ConditionTrue {
						return nil
					}
				}
				return fmt.Errorf("job %s has %+v", job.Name, job.Status)
			})
		})
	}
}

// A namespace goes as soon as its pods are gone.
func TestNamespaceDeletion(t *testing.T) {
	t.Parallel()
	namespaces := shared.client.CoreV1().Namespaces()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	namespace, err := namespaces.Create(t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	template := podTemplate("registry.example/app:1", nil)
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Name = "app"
	eventually(t, func() error { // admission waits for the namespace's default service account
		_, err := shared.client.CoreV1().Pods(namespace.Name).Create(t.Context(), pod, metav1.CreateOptions{})
		return err
	})
	if err := namespaces.Delete(t.Context(), namespace.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, func() error {
		_, err := namespaces.Get(t.Context(), namespace.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("namespace %s is still there (%s)", namespace.Name, fmt.Sprint(err))
	})
	t.Logf("gone after %s", time.Since(began))
}
