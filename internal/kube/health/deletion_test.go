package health

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDeletionOf(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 5, 1, 10, 0, 30, 0, time.UTC))
	grace, yes := int64(30), true
	wrote := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	got := DeletionOf(&metav1.ObjectMeta{
		Name: "a", DeletionTimestamp: &at, DeletionGracePeriodSeconds: &grace, Finalizers: []string{"example.com/hold"},
		Labels:          map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Boat", Name: "b"}, {Kind: "Fleet", Name: "c", Controller: &yes}},
		ManagedFields: []metav1.ManagedFieldsEntry{
			wrote("operator", `{"f:metadata":{"f:finalizers":{".":{},"v:\"example.com/hold\"":{}}}}`),
			wrote("helm", `{"f:metadata":{"f:labels":{"f:a":{}}},"f:data":{}}`),
			wrote("before", `{"f:metadata":{"f:finalizers":{"v:\"example.com/other\"":{}}}}`),
			wrote("broken", `{`), {Manager: "empty"},
		},
	})
	if want := at.Add(-30 * time.Second); !got.Since.Equal(want) {
		t.Errorf("since %s, want %s", got.Since, want)
	}
	if got.Controller != "Fleet/c" || got.ManagedBy != "Helm" || !slices.Equal(got.Writers, []string{"operator"}) ||
		!slices.Equal(got.Finalizers, []string{"example.com/hold"}) {
		t.Errorf("got %+v", got)
	}
	if got := DeletionOf(&metav1.ObjectMeta{}); !got.Since.IsZero() || got.Controller != "" || len(got.Writers) > 0 {
		t.Errorf("of nothing: %+v", got)
	}
}
