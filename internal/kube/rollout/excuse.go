package rollout

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

// Excuse returns whether an object that is not ready by its own content is as ready
// as it will be, as a wait judges it, and what is to be told of that. It reads the
// object's events or pods, one list; what may not be read excuses nothing.
func Excuse(ctx context.Context, client kubernetes.Interface, live *unstructured.Unstructured) (remark health.Remark, excused bool) {
	if !health.MayBeExcused(live) {
		return health.Remark{}, false
	}
	selector, ofPods := health.PodSelector(live)
	if !ofPods {
		list, err := eventsOf(ctx, client, live.GetNamespace(), live.GetUID())
		if err != nil {
			return health.Remark{}, false
		}
		events := make([]health.Event, len(list))
		for i := range list {
			events[i] = health.NewEvent(&list[i])
		}
		return health.Excused(live, events, nil)
	}
	list, err := client.CoreV1().Pods(live.GetNamespace()).List(ctx, metav1.ListOptions{
		LabelSelector: metav1.FormatLabelSelector(selector), Limit: podsListed,
	})
	if err != nil {
		return health.Remark{}, false
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		if health.IsPodOf(live.GetKind(), live.GetName(), live.GetUID(), &list.Items[i]) {
			pods = append(pods, &list.Items[i])
		}
	}
	return health.Excused(live, nil, pods)
}
