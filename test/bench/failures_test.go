//go:build bench

package bench

import (
	"context"
	"regexp"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// failure is a deploy that cannot succeed.
type failure struct {
	name   string
	moment string // from when on it could be known, in words
	bar    time.Duration
	values []string
	quota  bool                                    // no pod is allowed in the namespace
	watch  func(kubernetes.Interface, string) open // what shows it
	shows  func() func(runtime.Object) bool        // whether it is known by now
	later  time.Duration                           // it can be known no sooner than that after the first sign
	cause  *regexp.Regexp                          // a message that helps
}

type open func(context.Context, metav1.ListOptions) (watch.Interface, error)

var failures = []failure{
	{
		name: "missing image", moment: "the pod reports it twice", bar: 5 * time.Second,
		values: []string{"image=registry.example/app:missing"}, watch: pods, shows: pulledTwice,
		cause: regexp.MustCompile(`ErrImagePull|ImagePullBackOff`),
	},
	{
		name: "crash loop", moment: "the fourth crash is seen and 40 s have passed since the first", bar: 5 * time.Second,
		values: []string{"behaviour=crash-loop"}, watch: pods, shows: crashedFourTimes, later: 40 * time.Second,
		cause: regexp.MustCompile(`CrashLoopBackOff`),
	},
	{
		name: "failing hook Job", moment: "the Job has failed", bar: time.Second,
		values: []string{"hook=true"}, watch: jobs, shows: jobFailed,
		cause: regexp.MustCompile(release + "-migrate"),
	},
	{
		name: "exceeded quota", moment: "the first FailedCreate event", bar: 2 * time.Second,
		quota: true, watch: events, shows: createFailed,
		cause: regexp.MustCompile(`exceeded quota`),
	},
}

func pods(c kubernetes.Interface, ns string) open   { return c.CoreV1().Pods(ns).Watch }
func jobs(c kubernetes.Interface, ns string) open   { return c.BatchV1().Jobs(ns).Watch }
func events(c kubernetes.Interface, ns string) open { return c.CoreV1().Events(ns).Watch }

// pulledTwice: a pod has come to a reason for not having its image a second time.
func pulledTwice() func(runtime.Object) bool {
	last, reports := map[string]string{}, map[string]int{}
	return func(object runtime.Object) bool {
		pod, ok := object.(*corev1.Pod)
		if !ok || len(pod.Status.ContainerStatuses) == 0 {
			return false
		}
		waiting := pod.Status.ContainerStatuses[0].State.Waiting
		if waiting == nil || waiting.Reason == "ContainerCreating" || waiting.Reason == last[pod.Name] {
			return false
		}
		last[pod.Name] = waiting.Reason
		reports[pod.Name]++
		return reports[pod.Name] == 2
	}
}

// crashedFourTimes: a container has ended for the fourth time.
func crashedFourTimes() func(runtime.Object) bool {
	return func(object runtime.Object) bool {
		pod, ok := object.(*corev1.Pod)
		return ok && crashes(pod) >= 4
	}
}

// crashes is how often a pod's first container has ended.
func crashes(pod *corev1.Pod) int {
	if len(pod.Status.ContainerStatuses) == 0 {
		return 0
	}
	s := pod.Status.ContainerStatuses[0]
	if s.State.Terminated != nil || s.State.Waiting != nil && s.LastTerminationState.Terminated != nil {
		return int(s.RestartCount) + 1
	}
	return int(s.RestartCount)
}

// crashed returns whether a pod shows the first sign of a crash loop.
func crashed(object runtime.Object) bool {
	pod, ok := object.(*corev1.Pod)
	return ok && crashes(pod) > 0
}

func jobFailed() func(runtime.Object) bool {
	return func(object runtime.Object) bool {
		job, ok := object.(*batchv1.Job)
		if !ok {
			return false
		}
		for _, c := range job.Status.Conditions {
			if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
				return true
			}
		}
		return false
	}
}

func createFailed() func(runtime.Object) bool {
	return func(object runtime.Object) bool {
		event, ok := object.(*corev1.Event)
		return ok && event.Reason == "FailedCreate"
	}
}
