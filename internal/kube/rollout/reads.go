package rollout

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

// eventsListed bounds one list of events.
const eventsListed = 50

// eventsOf returns the events of one object, oldest first.
func eventsOf(ctx context.Context, client kubernetes.Interface, namespace string, uid types.UID) ([]corev1.Event, error) {
	return listEvents(ctx, client, namespace, fields.OneTermEqualSelector("involvedObject.uid", string(uid)))
}

// listEvents returns the events that match a selector, oldest first.
func listEvents(ctx context.Context, client kubernetes.Interface, namespace string, selector fields.Selector) ([]corev1.Event, error) {
	list, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: selector.String(), Limit: eventsListed})
	if err != nil {
		return nil, err
	}
	health.SortEvents(list.Items)
	return list.Items, nil
}

// nodesListed bounds one list of nodes.
const nodesListed = 500

// lostNodes returns which of the nodes are not ready; of all nodes with all. Nodes that
// may not be read are left out.
func lostNodes(ctx context.Context, client kubernetes.Interface, names []string, all bool) health.LostNodes {
	lost := health.LostNodes{}
	note := func(n *corev1.Node) {
		if why := health.NodeLost(n); why != "" {
			lost[n.Name] = why
		}
	}
	cached := "0" // a node's condition is minutes old by itself
	if all {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: nodesListed, ResourceVersion: cached})
		if err != nil {
			return lost
		}
		for i := range list.Items {
			note(&list.Items[i])
		}
		return lost
	}
	for _, name := range names {
		node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{ResourceVersion: cached})
		if err != nil {
			return lost
		}
		note(node)
	}
	return lost
}

// currentReplicaSet returns the ReplicaSet of a Deployment's present revision, among
// those that match a selector. It returns nil where there is none, its revision is
// not known, or the list fails.
func currentReplicaSet(ctx context.Context, client kubernetes.Interface, owner *unstructured.Unstructured,
	selector string) *appsv1.ReplicaSet {
	if !health.RevisionKnown(owner) {
		return nil
	}
	sets, err := client.AppsV1().ReplicaSets(owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil
	}
	return health.CurrentReplicaSet(owner, sets.Items)
}
