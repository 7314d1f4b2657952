//go:build conformance

package conformance

import (
	"fmt"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/test/kubetest"
)

// What hooks make that no delete policy removes.
const (
	lastingHooks = `
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: post-install}}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: a, image: "registry.example/app:1.0"}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: hook-secret, annotations: {helm.sh/hook: pre-install}}
stringData: {password: v}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, annotations: {helm.sh/hook: pre-install}}
spec:
  replicas: 1
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: a, image: "registry.example/app:1.0", readinessProbe: {httpGet: {port: 80}}}]}
`
	hookElsewhere = `
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, namespace: OTHER, annotations: {helm.sh/hook: pre-install}}
`
)

var (
	hookJob        = object{"batch/v1", "jobs", "migrate"}
	hookSecret     = object{"v1", "secrets", "hook-secret"}
	hookDeployment = object{"apps/v1", "deployments", "cache"}
	hookObjects    = []object{hookJob, hookSecret, hookDeployment}
)

// database is a StatefulSet of two pods, each with a claim that nothing provides for.
const database = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  RETENTION
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.example/db:1.0"}]}
  volumeClaimTemplates:
    - metadata:
        name: data
        ANNOTATIONS
      spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`

// claim is that of a pod of the database.
func claim(ordinal int) object {
	return object{"v1", "persistentvolumeclaims", fmt.Sprintf("data-db-%d", ordinal)}
}

// deployDatabase deploys the app with the database, and returns once it has its claims.
func (s *fixture) deployDatabase(retention, annotations string) {
	s.t.Helper()
	s.chart = "testdata/app"
	s.chartWith("templates/database.yaml", strings.NewReplacer("RETENTION", retention, "ANNOTATIONS", annotations).Replace(database))
	s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(0)
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		return s.uid(claim(0)) != "" && s.uid(claim(1)) != "", "the claims are not there yet"
	})
}

// makeClaim makes a claim as somebody else would.
func (s *fixture) makeClaim(name string, labels, annotations map[string]string) {
	s.t.Helper()
	_, err := s.Client().CoreV1().PersistentVolumeClaims(s.namespace).Create(s.t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: annotations},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: new("none"),
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// uid is a live object's UID, "" where there is none.
func (s *fixture) uid(o object) string {
	s.t.Helper()
	found, err := s.client(o).Get(s.t.Context(), o.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return ""
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(found.GetUID())
}

// uidsOf are those of live objects, by name.
func (s *fixture) uidsOf(objects ...object) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for _, o := range objects {
		all[o.name] = s.uid(o)
		if all[o.name] == "" {
			s.t.Errorf("%s/%s does not exist", o.resource, o.name)
		}
	}
	return all
}

// sameUIDs fails the row unless the objects are still those of before.
func (s *fixture) sameUIDs(before map[string]string, objects ...object) {
	s.t.Helper()
	if now := s.uidsOf(objects...); !maps.Equal(before, now) {
		s.t.Errorf("the objects were %v and are %v", before, now)
	}
}

// absent fails the row if one of the objects exists and is not being deleted.
func (s *fixture) absent(objects ...object) {
	s.t.Helper()
	for _, o := range objects {
		if s.uid(o) != "" {
			s.t.Errorf("%s/%s is still there", o.resource, o.name)
		}
	}
}

// remove deletes an object, and returns when it is gone.
func (s *fixture) remove(o object) {
	s.t.Helper()
	background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	if err := s.client(o).Delete(s.t.Context(), o.name, background); err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) { return s.uid(o) == "", o.name + " is still there" })
}

// replace deletes an object and makes it anew as somebody else would, with these
// annotations alone.
func (s *fixture) replace(o object, annotations map[string]string) {
	s.t.Helper()
	was := s.read(o)
	s.remove(o)
	made := &unstructured.Unstructured{Object: map[string]any{"apiVersion": was.GetAPIVersion(), "kind": was.GetKind()}}
	made.SetName(o.name)
	made.SetAnnotations(annotations)
	for _, field := range []string{"spec", "data", "type"} {
		if value, ok := was.Object[field]; ok {
			made.Object[field] = value
		}
	}
	if o.resource == "jobs" { // the API server chooses these
		unstructured.RemoveNestedField(made.Object, "spec", "selector")
		unstructured.RemoveNestedField(made.Object, "spec", "template", "metadata", "labels")
	}
	if _, err := s.client(o).Create(s.t.Context(), made, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		s.t.Fatal(err)
	}
}

// podsOf is how many pods have the labels.
func (s *fixture) podsOf(selector string) int {
	s.t.Helper()
	list, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list.Items)
}

// configMapIn is the UID of a ConfigMap of another namespace, "" where there is none.
func (s *fixture) configMapIn(namespace, name string) string {
	s.t.Helper()
	found, err := s.Client().CoreV1().ConfigMaps(namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return ""
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(found.UID)
}

// silent fails the row if one of the texts was printed.
func (e ended) silent(parts ...string) ended {
	e.s.t.Helper()
	for _, part := range parts {
		if strings.Contains(e.out.String(), part) {
			e.s.t.Errorf("%s says %q", e.verb, part)
		}
	}
	return e
}
