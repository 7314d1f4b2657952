package helm

import (
	"context"
	"fmt"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/result"
)

// WatchUntilReady waits until hooks have run to their end. Helm's own says of a
// failed one only that it failed, goes on after the operation was stopped, and
// cannot wait without the right to list and watch. Like Helm's, it counts a hook
// that was deleted meanwhile as done, but keeps its name.
func (c *client) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.ctx, stepTime(c.run, timeout))
	defer cancel()
	end := c.phase("Wait for the hook %s", refs(resources))
	deleted, err := c.waiter.Finished(ctx, applied(resources))
	end(nil)
	c.diagnosis = result.DiagnosticsOf(err)
	c.unproven = append(c.unproven, names(deleted)...)
	if c.reason == nil {
		c.reason = err
	}
	return err
}

// GetPodList and OutputContainerLogsForPodList dereference a client that only
// IsReachable and Wait of the embedded client would have made.
func (c *client) GetPodList(namespace string, o metav1.ListOptions) (*corev1.PodList, error) {
	pods, err := c.pods.CoreV1().Pods(namespace).List(c.ctx, o)
	if err != nil {
		return nil, fmt.Errorf("list pods of a hook in namespace %s: %w", namespace, err)
	}
	return pods, nil
}

// OutputContainerLogsForPodList copies the hooks' container logs.
func (c *client) OutputContainerLogsForPodList(list *corev1.PodList, namespace string, to func(namespace, pod, container string) io.Writer) error {
	for _, pod := range list.Items {
		for _, container := range pod.Spec.Containers {
			o := &corev1.PodLogOptions{Container: container.Name}
			if err := c.copyLog(namespace, pod.Name, o, to(namespace, pod.Name, container.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *client) copyLog(namespace, pod string, o *corev1.PodLogOptions, to io.Writer) error {
	stream, err := c.pods.CoreV1().Pods(namespace).GetLogs(pod, o).Stream(c.ctx)
	if err != nil {
		return fmt.Errorf("read the log of container %s of pod %s in namespace %s: %w", o.Container, pod, namespace, err)
	}
	defer stream.Close()
	if _, err := io.Copy(to, stream); err != nil {
		return fmt.Errorf("copy the log of container %s of pod %s in namespace %s: %w", o.Container, pod, namespace, err)
	}
	return nil
}
