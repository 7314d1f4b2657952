package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/ownership"
)

// recorded is whether a release has a record.
type recorded struct {
	found   bool
	where   string // and of which kind; a clause, or empty
	unknown error  // why that cannot be told
}

// lookUpRecords looks for records of a release in Secrets and in ConfigMaps. A list
// that fails proves nothing.
func lookUpRecords(ctx context.Context, core corev1client.CoreV1Interface, r ownership.Release) (answer recorded) {
	for _, kind := range []record.Kind{record.Secrets, record.ConfigMaps} {
		found, err := hasRecord(ctx, core, kind, r)
		if found {
			return recorded{found: true}
		}
		if err != nil && answer.unknown == nil {
			answer.unknown = fmt.Errorf("belongs to release %s, and whether that still exists cannot be told: %w", r, err)
		}
	}
	return answer
}

// hasRecord lists metadata alone. What has lost its labels, or was moved into
// quarantine, counts by its name.
func hasRecord(ctx context.Context, core corev1client.CoreV1Interface, kind record.Kind, r ownership.Release) (bool, error) {
	items, err := recordsAmong(ctx, core, kind, r)
	return len(items) > 0, err
}

// recordsAmong returns the objects of a kind that are records of a release, or were.
func recordsAmong(
	ctx context.Context, core corev1client.CoreV1Interface, kind record.Kind, r ownership.Release,
) ([]metav1.PartialObjectMetadata, error) {
	data, err := core.RESTClient().Get().Namespace(r.Namespace).Resource(kind.Resource()).
		SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("list %s in namespace %s: %w", kind, r.Namespace, err)
	}
	var found metav1.PartialObjectMetadataList
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, fmt.Errorf("read the list of %s in namespace %s: %w", kind, r.Namespace, err)
	}
	prefix := strings.TrimSuffix(record.Key(r.Name, 1), "1")
	return slices.DeleteFunc(found.Items, func(item metav1.PartialObjectMetadata) bool {
		return !strings.HasPrefix(item.Name, prefix) && (item.Labels["owner"] != "helm" || item.Labels["name"] != r.Name)
	}), nil
}

// lookUpOwn looks for records of a release of which this run's driver has none: those of
// Helm's other driver. What was moved into quarantine is a record no more.
func lookUpOwn(ctx context.Context, core corev1client.CoreV1Interface, r ownership.Release) (answer recorded) {
	for _, kind := range []record.Kind{record.Secrets, record.ConfigMaps} {
		items, err := recordsAmong(ctx, core, kind, r)
		for _, item := range items {
			if !strings.Contains(item.Name, "-quarantined-") {
				return recorded{found: true, where: fmt.Sprintf(", which has its records in %s (HELM_DRIVER)", kind)}
			}
		}
		if err != nil && answer.unknown == nil {
			answer.unknown = fmt.Errorf("belongs to release %s, and whether that has records of another HELM_DRIVER cannot be told: %w", r, err)
		}
	}
	return answer
}
