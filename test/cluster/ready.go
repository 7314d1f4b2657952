package main

import (
	"context"
	"fmt"
	"net"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// client speaks to the API server as the administrator, without a limit of its
// own on requests.
func (p *plane) client() (kubernetes.Interface, error) {
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host:            p.server(),
		BearerToken:     p.tokens[adminUser],
		TLSClientConfig: rest.TLSClientConfig{CAFile: p.path(caFile)},
		QPS:             -1,
	})
	if err != nil {
		return nil, fmt.Errorf("making a client for %s: %w", p.server(), err)
	}
	return client, nil
}

func (p *plane) etcdListens(context.Context) error {
	conn, err := net.Dial("tcp", loopback(p.ports.etcd))
	if err != nil {
		return err
	}
	return conn.Close()
}

func (p *plane) apiServerLive(ctx context.Context) error  { return p.probe(ctx, "/livez/ping") }
func (p *plane) apiServerReady(ctx context.Context) error { return p.probe(ctx, "/readyz") }

func (p *plane) probe(ctx context.Context, path string) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	_, err = client.Discovery().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	return err
}

// accountMade asks for the service account that the controller manager makes.
func (p *plane) accountMade(ctx context.Context) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	_, err = client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// podRuns returns the condition that proves the whole plane at once: admission
// wants the service account that the controller manager makes, the scheduler
// has to find the node, and the node has to report the pod ready.
func (p *plane) podRuns() func(context.Context) error {
	const namespace, name = metav1.NamespaceDefault, "berth-test-probe"
	probe := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "registry.example/probe:1"}}},
	}
	return func(ctx context.Context) error {
		client, err := p.client()
		if err != nil {
			return err
		}
		pods := client.CoreV1().Pods(namespace)
		if _, err := pods.Create(ctx, probe, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				now := int64(0)
				return pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now})
			}
		}
		return fmt.Errorf("pod %s/%s is %s on node %q", namespace, name, pod.Status.Phase, pod.Spec.NodeName)
	}
}
