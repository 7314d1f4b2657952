//go:build cluster

package e2e

import (
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// waitLimit bounds what a test waits for.
const waitLimit = 20 * time.Second

// pods are the running pods' UIDs by name, hooks' aside.
func (s *fixture) pods() map[string]string {
	s.t.Helper()
	list, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "app=" + s.release})
	if err != nil {
		s.t.Fatal(err)
	}
	pods := map[string]string{}
	for _, p := range list.Items {
		pods[p.Name] = string(p.UID)
	}
	if len(pods) == 0 {
		s.t.Fatal("there are no pods")
	}
	return pods
}

// statuses are the stored statuses by revision, as the labels have them.
func (s *fixture) statuses() map[int]string {
	s.t.Helper()
	records := metav1.ListOptions{LabelSelector: "owner=helm,name=" + s.release}
	list, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), records)
	if err != nil {
		s.t.Fatal(err)
	}
	statuses := map[int]string{}
	for _, record := range list.Items {
		revision, err := strconv.Atoi(record.Labels["version"])
		if err != nil {
			s.t.Fatalf("record %s: %v", record.Name, err)
		}
		statuses[revision] = record.Labels["status"]
	}
	return statuses
}

// namespaceGone says whether the fixture's namespace does not exist.
func (s *fixture) namespaceGone() bool {
	s.t.Helper()
	_, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	return err != nil
}

// objects counts what the chart makes in the namespace.
func (s *fixture) objects() int {
	s.t.Helper()
	ctx, o := s.t.Context(), metav1.ListOptions{}
	deployments, err := s.Client().AppsV1().Deployments(s.namespace).List(ctx, o)
	if err != nil {
		s.t.Fatal(err)
	}
	services, err := s.Client().CoreV1().Services(s.namespace).List(ctx, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(deployments.Items) + len(services.Items)
}
