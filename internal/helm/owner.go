package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/ownership"
)

// gone is nil when it is proven that a release has no record: neither in a
// Secret nor in a ConfigMap. An answer that does not come proves nothing.
func gone(ctx context.Context, core corev1client.CoreV1Interface, o ownership.Release) error {
	for _, kind := range []record.Kind{record.Secrets, record.ConfigMaps} {
		found, err := recorded(ctx, core, kind, o)
		if err != nil {
			return fmt.Errorf("belongs to release %s, and whether that still exists cannot be told: %w", o, err)
		}
		if found {
			return fmt.Errorf("belongs to release %s", o)
		}
	}
	return nil
}

// recorded lists metadata alone. A Secret that lost its labels still counts by
// its name; among the ConfigMaps only the label tells what is a record.
func recorded(ctx context.Context, core corev1client.CoreV1Interface, kind record.Kind, o ownership.Release) (bool, error) {
	list := core.RESTClient().Get().Namespace(o.Namespace).Resource(kind.Resource()).
		SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
	if kind == record.Secrets {
		list = list.Param("fieldSelector", "type=helm.sh/release.v1")
	} else {
		list = list.Param("labelSelector", "name="+o.Name)
	}
	data, err := list.Do(ctx).Raw()
	if err != nil {
		return false, fmt.Errorf("list %s in namespace %s: %w", kind, o.Namespace, err)
	}
	var found metav1.PartialObjectMetadataList
	if err := json.Unmarshal(data, &found); err != nil {
		return false, fmt.Errorf("read the list of %s in namespace %s: %w", kind, o.Namespace, err)
	}
	for _, item := range found.Items {
		if item.Labels["name"] == o.Name || strings.HasPrefix(item.Name, "sh.helm.release.v1."+o.Name+".v") {
			return true, nil
		}
	}
	return false, nil
}
