//go:build conformance

package conformance

import (
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// kinds are what the charts here make.
var kinds = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "configmaps"},
	{Version: "v1", Resource: "serviceaccounts"},
	{Version: "v1", Resource: "persistentvolumeclaims"},
	{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
}

// app are the objects of the chart as its values are.
var app = []string{"ConfigMap/web", "Deployment/web", "Service/web"}

// owned are the objects that carry the release's ownership, as "Kind/name",
// in order. Helm puts none on hooks.
func (s *fixture) owned() []string {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	names := []string{}
	for _, kind := range kinds {
		list, err := client.Resource(kind).Namespace(s.namespace).List(s.t.Context(), metav1.ListOptions{})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, o := range list.Items {
			if o.GetAnnotations()["meta.helm.sh/release-name"] == s.release {
				names = append(names, o.GetKind()+"/"+o.GetName())
			}
		}
	}
	slices.Sort(names)
	return names
}

// owns fails the row unless these are the release's objects, no fewer and no
// more.
func (s *fixture) owns(want ...string) {
	s.t.Helper()
	want = slices.Sorted(slices.Values(want))
	if got := s.owned(); !slices.Equal(got, want) {
		s.t.Errorf("the release's objects are %q, want %q", got, want)
	}
}

// pods are the UIDs of the app's pods by name; hooks have other labels.
func (s *fixture) pods() map[string]string {
	s.t.Helper()
	pods := map[string]string{}
	for _, p := range s.appPods() {
		pods[p.Name] = string(p.UID)
	}
	return pods
}

func (s *fixture) appPods() []corev1.Pod {
	s.t.Helper()
	list, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "app=" + s.release})
	if err != nil {
		s.t.Fatal(err)
	}
	return list.Items
}

// samePods fails the row unless the pods are still those of before.
func (s *fixture) samePods(before map[string]string) {
	s.t.Helper()
	if after := s.pods(); len(before) == 0 || !maps.Equal(before, after) {
		s.t.Errorf("the pods were %v and are %v", before, after)
	}
}

// makeReady makes the app's pods ready, in place of the simulated node, which was
// configured to do so after an hour.
func (s *fixture) makeReady() {
	s.t.Helper()
	for _, pod := range s.appPods() {
		for i := range pod.Status.Conditions {
			pod.Status.Conditions[i].Status = corev1.ConditionTrue
		}
		for i := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[i].Ready = true
		}
		if _, err := s.Client().CoreV1().Pods(s.namespace).UpdateStatus(s.t.Context(), &pod, metav1.UpdateOptions{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// greeting is what the app's ConfigMap says.
func (s *fixture) greeting() string {
	s.t.Helper()
	cm, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), s.release, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return cm.Data["greeting"]
}

// hookCompleted fails the row unless the hook's Job exists and completed.
func (s *fixture) hookCompleted(event string) {
	s.t.Helper()
	name := s.release + "-" + event
	job, err := s.Client().BatchV1().Jobs(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Errorf("the %s hook: %v", event, err)
		return
	}
	done := slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue
	})
	if !done {
		s.t.Errorf("the %s hook %s did not run to its end: %v", event, name, job.Status.Conditions)
	}
}
