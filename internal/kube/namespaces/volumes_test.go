package namespaces

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/berth-dev/berth/internal/ownership"
)

// In a namespace that many apps share, only the volumes of the one that goes are read.
func TestVolumesOfOneRelease(t *testing.T) {
	var there []runtime.Object
	for _, release := range []string{"web", "api", "docs"} {
		there = append(there,
			&corev1.PersistentVolumeClaim{
				ObjectMeta: metav1.ObjectMeta{Namespace: "reviews", Name: release, Labels: map[string]string{
					ownership.LabelManagedBy: ownership.ManagedByHelm,
				}, Annotations: map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": "reviews"}},
				Spec: corev1.PersistentVolumeClaimSpec{VolumeName: "pv-" + release},
			},
			&corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv-" + release},
				Spec: corev1.PersistentVolumeSpec{PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete}})
	}
	for of, want := range map[string][]string{"": {"pv-api", "pv-docs", "pv-web"}, "reviews/web": {"pv-web"}} {
		client := fake.NewClientset(there...)
		volumes, err := Manager{Client: client}.Volumes(t.Context(), "reviews", of)
		if err != nil {
			t.Fatal(err)
		}
		var read []string
		for _, action := range client.Actions() {
			if get, ok := action.(interface{ GetName() string }); ok && action.GetVerb() == "get" {
				read = append(read, get.GetName())
			}
		}
		slices.Sort(read)
		if !slices.Equal(read, want) || len(volumes) != len(want) || volumes[0].Policy != "Delete" {
			t.Errorf("of %q: read %q, got %+v", of, read, volumes)
		}
	}
}
