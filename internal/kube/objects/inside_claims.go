package objects

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

var (
	statefulSets  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	claimResource = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
)

// claimsOf looks for claims of a StatefulSet that are to be kept and that Kubernetes
// deletes with it, as its persistentVolumeClaimRetentionPolicy says: its controller has
// made the set their owner. Claims that may not be listed do as the policy says.
func (i Inside) claimsOf(ctx context.Context, ref facts.Ref) (string, error) {
	if i.DeleteForeign {
		return "", nil
	}
	set, err := i.Dynamic.Resource(statefulSets).Namespace(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", ref, err)
	}
	if !takesClaims(set) {
		return "", nil
	}
	selector, _, _ := unstructured.NestedStringMap(set.Object, "spec", "selector", "matchLabels")
	options := metav1.ListOptions{LabelSelector: labels.SelectorFromSet(selector).String(), Limit: insidePage}
	for {
		page, err := i.Metadata.Resource(claimResource).Namespace(ref.Namespace).List(ctx, options)
		if apierrors.IsForbidden(err) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("list the claims of %s: %w", ref, err)
		}
		for at := range page.Items {
			if o := &page.Items[at].ObjectMeta; isOwnedBy(o, set.GetUID()) && isToBeKept(o) {
				return fmt.Sprintf("its claim %s is to be kept, and would go with it", o.Name), nil
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return "", nil
		}
	}
}

// takesClaims returns whether the claims of a StatefulSet go with it, as its retention policy says.
func takesClaims(set *unstructured.Unstructured) bool {
	when, _, _ := unstructured.NestedString(set.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	return when == "Delete"
}

func isOwnedBy(o *metav1.ObjectMeta, uid types.UID) bool {
	for _, owner := range o.OwnerReferences {
		if owner.UID == uid {
			return true
		}
	}
	return false
}

// isToBeKept returns whether an object outlives its release, by a mark, by its policy, or since the
// release has not made it but taken it over.
func isToBeKept(o *metav1.ObjectMeta) bool {
	_, marked := ownership.KeepMark(o.Labels, o.Annotations)
	return marked || ownership.KeptByPolicy(o.Annotations) || ownership.WhyTaken(o.Annotations) != ""
}
