package helm

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/verdict"
)

// Waiter waits for objects, without Helm's two-second ticks.
type Waiter interface {
	// Ready returns when every object is ready, or says why one cannot be.
	Ready(ctx context.Context, refs []verdict.Ref, jobs bool) error
	// Gone returns when none of the objects exists any more.
	Gone(ctx context.Context, refs []verdict.Ref) error
}

// client is Helm's own client with the parts replaced that would cost a
// request, a poll or somebody else's object. It embeds *kube.Client so that
// the optional interfaces Helm asserts on (three-way merge, logs, propagation)
// stay.
type client struct {
	*kube.Client
	ctx    context.Context // ends with the operation's fence
	pods   kubernetes.Interface
	waiter Waiter
	owner  string // namespace/release that objects have to name to be deleted
	kept   map[verdict.Ref]string
	undone []error // why objects could not be deleted; Helm only logs it
}

var (
	_ kube.Interface                    = (*client)(nil)
	_ kube.InterfaceExt                 = (*client)(nil)
	_ kube.InterfaceLogs                = (*client)(nil)
	_ kube.InterfaceThreeWayMerge       = (*client)(nil)
	_ kube.InterfaceDeletionPropagation = (*client)(nil)
)

// IsReachable costs a /version request for every operation and tells nothing:
// the run has talked to the server already.
func (c *client) IsReachable() error { return nil }

// Build never validates on the client's side: Helm 3's OpenAPI validation
// downloads the schema and then checks nothing on a current server, and hooks
// ask for it whatever the action says.
func (c *client) Build(r io.Reader, _ bool) (kube.ResourceList, error) {
	return c.Client.Build(r, false)
}

// Wait waits for everything but the completion of Jobs.
func (c *client) Wait(resources kube.ResourceList, timeout time.Duration) error {
	return c.wait(resources, timeout, false)
}

// WaitWithJobs waits for Jobs to complete as well.
func (c *client) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return c.wait(resources, timeout, true)
}

func (c *client) wait(resources kube.ResourceList, timeout time.Duration, jobs bool) error {
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	return c.waiter.Ready(ctx, refs(resources), jobs)
}

// WaitForDelete waits until the objects are gone, those aside that were kept.
func (c *client) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	going := slices.DeleteFunc(refs(resources), func(r verdict.Ref) bool { return c.kept[r] != "" })
	return c.waiter.Gone(ctx, going)
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

// refs names the objects of a resource list without Helm's types.
func refs(resources kube.ResourceList) []verdict.Ref {
	out := make([]verdict.Ref, 0, len(resources))
	for _, r := range resources {
		apiVersion, kind := r.Mapping.GroupVersionKind.ToAPIVersionAndKind()
		out = append(out, verdict.Ref{APIVersion: apiVersion, Kind: kind, Namespace: r.Namespace, Name: r.Name})
	}
	return out
}
