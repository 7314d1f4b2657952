package objects

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/ownership"
)

var volumeResource = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumes"}

// ofVolume looks for a claim of somebody else that is bound to a PersistentVolume. Kubernetes
// lets such a volume go only with its claim, and never takes the deletion back: whoever has
// the data could not keep them.
func (i Inside) ofVolume(ctx context.Context, name string) (string, error) {
	if i.DeleteForeign {
		return "", nil
	}
	volume, err := i.Dynamic.Resource(volumeResource).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read PersistentVolume %s: %w", name, err)
	}
	bound, _, _ := unstructured.NestedStringMap(volume.Object, "spec", "claimRef")
	if bound["name"] == "" {
		return "", nil
	}
	claim, err := i.Metadata.Resource(claimResource).Namespace(bound["namespace"]).Get(ctx, bound["name"], metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read the claim %s/%s that is bound to PersistentVolume %s: %w", bound["namespace"], bound["name"], name, err)
	case bound["uid"] != "" && bound["uid"] != string(claim.UID): // another one has its name by now
		return "", nil
	}
	why := i.whoseClaim(&claim.ObjectMeta)
	if why == "" || isToBeKept(&claim.ObjectMeta) {
		return why, nil
	}
	goes, err := i.goesWithItsSets(ctx, &claim.ObjectMeta)
	if goes {
		return "", err
	}
	return why, err
}

// goesWithItsSets returns whether a claim goes, as their retention policy says, with the
// StatefulSets that it names as its owners: they are the release's, or gone already.
func (i Inside) goesWithItsSets(ctx context.Context, claim *metav1.ObjectMeta) (bool, error) {
	for _, owner := range claim.OwnerReferences {
		if owner.Kind != "StatefulSet" || owner.APIVersion != "apps/v1" {
			return false, nil
		}
		set, err := i.Metadata.Resource(statefulSets).Namespace(claim.Namespace).Get(ctx, owner.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return false, fmt.Errorf("read StatefulSet %s/%s, which owns claim %s: %w", claim.Namespace, owner.Name, claim.Name, err)
		case set.UID == owner.UID && ownership.OwnerOf(set.Labels, set.Annotations) != i.Release:
			return false, nil
		}
	}
	return len(claim.OwnerReferences) > 0, nil
}

// whoseClaim returns why a claim keeps the volume that it is bound to, or "".
func (i Inside) whoseClaim(o *metav1.ObjectMeta) string {
	switch {
	case isToBeKept(o):
		return fmt.Sprintf("claim %s/%s is bound to it, and to be kept", o.Namespace, o.Name)
	case i.NamespaceGoes && o.Namespace == i.Release.Namespace:
		return ""
	case isCopiedClaim(o):
	case ownership.OwnerOf(o.Labels, o.Annotations) == i.Release && (o.DeletionTimestamp != nil || i.DeleteClaims):
		return ""
	case ownership.OwnerOf(o.Labels, o.Annotations) == i.Release: // only an older revision has it
		return fmt.Sprintf("claim %s/%s is bound to it, which stays; %s", o.Namespace, o.Name, letsClaimsGo)
	case o.Annotations[ownership.AnnotationHookOf] == i.Release.String() && i.DeleteClaims:
		return ""
	case o.Annotations[ownership.AnnotationHookOf] == i.Release.String():
		return fmt.Sprintf("claim %s/%s is bound to it, which a hook of the release has left; %s", o.Namespace, o.Name, letsClaimsGo)
	}
	return fmt.Sprintf("claim %s/%s is bound to it, and this release has not made it", o.Namespace, o.Name)
}

// isCopiedClaim returns whether a person made a claim, whatever marks it bears; see isCopy.
func isCopiedClaim(o *metav1.ObjectMeta) bool {
	by := namespaces.MakerOfClaim(o.ManagedFields)
	return by != "" && by != namespaces.Helm && o.DeletionTimestamp == nil
}
