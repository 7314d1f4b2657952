package helm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// markHooks writes on the hooks of a list whose they are. Helm has set its own
// ownership on every other object that is created.
func (c *client) markHooks(list kube.ResourceList) {
	for _, info := range list {
		o, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		if at := o.GetAnnotations(); ownership.IsHook(at) || ownership.NamedRelease(at) == (ownership.Release{}) {
			o.SetAnnotations(ownership.Merge(at, map[string]string{ownership.AnnotationHookOf: c.release.String()}))
		}
	}
}

// WatchUntilReady waits until hooks have run to their end. Helm's own does not
// say why a hook failed, goes on after the operation was stopped, and needs the
// permissions to list and watch. Like Helm's, it takes a hook that was deleted
// meanwhile for one that succeeded, but notes its name as unproven.
func (c *client) WatchUntilReady(list kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.untilFenced, stepTimeout(c.operationCtx, timeout))
	defer cancel()
	end := c.timeline.start("Wait for the hook %s", refs(list))
	deleted, err := c.waiter.WaitForCompletion(ctx, applied(list))
	end(nil)
	c.diagnostics = result.DiagnosticsOf(err)
	c.unproven = append(c.unproven, names(deleted)...)
	if c.cause == nil {
		c.cause = err
	}
	return err
}

// jobName selects a Job's pods, and those of whoever gives theirs that label.
const jobName = "job-name="

// GetPodList lists a hook's pods, whose logs Helm prints while the run goes on: of those that
// the label of a Job selects, its own. What others' pods print is not for those who read of the
// hook. The log lines in a report are others': internal/kube/rollout reads them (logs.go).
// Helm's own method panics, since its client is nil until its own IsReachable or
// Wait was called.
func (c *client) GetPodList(namespace string, o metav1.ListOptions) (*corev1.PodList, error) {
	pods, err := c.pods.CoreV1().Pods(namespace).List(c.untilFenced, o)
	if err != nil {
		return nil, fmt.Errorf("list pods of a hook in namespace %s: %w", namespace, err)
	}
	if job, ok := strings.CutPrefix(o.LabelSelector, jobName); ok {
		pods.Items = slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool {
			by := metav1.GetControllerOf(&p)
			return by == nil || by.Kind != "Job" || by.Name != job
		})
	}
	return pods, nil
}

// asTheyLive returns pods as they live.
func asTheyLive(pods []corev1.Pod) (all manifest.Objects) {
	for i := range pods {
		if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&pods[i]); err == nil {
			all = append(all, &unstructured.Unstructured{Object: content})
		}
	}
	return all
}

// OutputContainerLogsForPodList prints the logs of the containers of a hook's pods.
func (c *client) OutputContainerLogsForPodList(list *corev1.PodList, namespace string,
	to func(namespace, pod, container string) io.Writer) error {
	unread := c.waiter.Conceal(c.untilFenced, asTheyLive(list.Items))
	for _, pod := range list.Items {
		for _, container := range pod.Spec.Containers {
			if unread != "" {
				_, _ = io.WriteString(to(namespace, pod.Name, container.Name), "not shown, since "+unread+"\n")
				continue
			}
			o := &corev1.PodLogOptions{Container: container.Name}
			if err := c.copyLog(namespace, pod.Name, o, to(namespace, pod.Name, container.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *client) copyLog(namespace, pod string, o *corev1.PodLogOptions, to io.Writer) error {
	stream, err := c.pods.CoreV1().Pods(namespace).GetLogs(pod, o).Stream(c.untilFenced)
	if err != nil {
		return fmt.Errorf("read the log of container %s of pod %s in namespace %s: %w", o.Container, pod, namespace, err)
	}
	defer stream.Close()
	log := &io.LimitedReader{R: stream, N: longestLog}
	if err := copyLines(to, log); err != nil {
		return fmt.Errorf("copy the log of container %s of pod %s in namespace %s: %w", o.Container, pod, namespace, err)
	}
	if log.N == 0 {
		_, err = fmt.Fprintf(to, "the log is longer than %d bytes, and the rest is not shown\n", longestLog)
	}
	return err
}

// longestLog is how many bytes of a log are copied: a test may print without end what nobody reads.
const longestLog = 4 << 20

// longestLine is how many bytes of a line of a log are copied.
const longestLine = 64 << 10

// copyLines copies text line by line, each with one Write: whoever looks for a secret
// in a line would not find one that two Writes divide. What looks like one is hidden, as
// in the log lines of a report.
func copyLines(to io.Writer, from io.Reader) error {
	lines := bufio.NewReaderSize(from, longestLine)
	for begins := true; ; {
		line, more, err := lines.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case begins && more:
			_, err = io.WriteString(to, secrets.InLine(string(line))+text.Ellipsis+"\n")
		case begins:
			_, err = io.WriteString(to, secrets.InLine(string(line))+"\n")
		}
		if err != nil {
			return err
		}
		begins = !more
	}
}
