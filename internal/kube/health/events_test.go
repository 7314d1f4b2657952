package health

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Events are in the order in which they occurred, though a kubelet tells whole
// seconds and the scheduler microseconds.
func TestSortEvents(t *testing.T) {
	second := time.Date(2026, 5, 4, 10, 0, 7, 0, time.UTC)
	of := func(reason, made string, last time.Duration) corev1.Event {
		return corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1." + made}, Reason: reason,
			LastTimestamp: metav1.NewTime(second.Add(last))}
	}
	scheduled := corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1.18b0000000000001"}, Reason: "Scheduled",
		EventTime: metav1.NewMicroTime(second.Add(400 * time.Millisecond))}
	for want, list := range map[string][]corev1.Event{
		"Scheduled Pulling Failed": {of("Failed", "18b0000000000003", 0), of("Pulling", "18b0000000000002", 0), scheduled},
		"Scheduled Pulled Created BackOff": {of("Pulled", "18b0000000000002", 0), of("BackOff", "18b0000000000000", time.Second),
			of("Created", "18b0000000000003", 0), scheduled},
		"Custom Scheduled": {scheduled, of("Custom", "by-hand", 0)},
	} {
		SortEvents(list)
		reasons := slices.Collect(func(yield func(string) bool) {
			for _, e := range list {
				if !yield(e.Reason) {
					return
				}
			}
		})
		if got := strings.Join(reasons, " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
