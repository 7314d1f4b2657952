// Package totals keeps a text that several writers add to, in a key of a ConfigMap that exists.
package totals

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// Update replaces the text under a key by what change makes of it. Where somebody else has written
// meanwhile, it begins again with what that has written. change is given "" where there is no such
// key, and ends it with an error. Other keys stay as they are.
func Update(ctx context.Context, client kubernetes.Interface, namespace, name, key string, change func(string) (string, error)) error {
	api := client.CoreV1().ConfigMaps(namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := api.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("there is no ConfigMap %s in namespace %s; make an empty one", name, namespace)
		}
		if err != nil {
			return err
		}
		text, err := change(found.Data[key])
		if err != nil {
			return err
		}
		if found.Data == nil {
			found.Data = map[string]string{}
		}
		found.Data[key] = text
		_, err = api.Update(ctx, found, metav1.UpdateOptions{}) // of the version that was read, and no other
		return err
	})
}
