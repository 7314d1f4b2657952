package rollout

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const aStatefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, uid: owner, generation: 1}, status: {}}"

// object reads an object from YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return u
}

// aPod returns a pod with a status in YAML.
func aPod(t *testing.T, name, uid, status string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := yaml.Unmarshal([]byte(fmt.Sprintf("{metadata: {name: %s, uid: %s}, status: %s}", name, uid, status)), p); err != nil {
		t.Fatal(err)
	}
	return p
}
