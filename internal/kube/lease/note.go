package lease

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// errHeld is why a Lease is not written that somebody holds.
var errHeld = errors.New("a run holds it")

// Note writes annotations on the Lease of a release that nobody holds, in the version that it
// reads. Where there is no Lease, none is made. It is an error where somebody holds the Lease or
// has written it meanwhile, and where this run may not.
func Note(ctx context.Context, client kubernetes.Interface, namespace, release string, annotations map[string]string) error {
	tried := fmt.Sprintf("note on the lock of release %s in namespace %s how it stands", release, namespace)
	api := client.CoordinationV1().Leases(namespace)
	l, err := api.Get(ctx, Name(release), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", tried, err)
	case holder(l) != "":
		return fmt.Errorf("%s: %w", tried, errHeld)
	}
	if l.Annotations == nil {
		l.Annotations = make(map[string]string)
	}
	maps.Copy(l.Annotations, annotations)
	if _, err := api.Update(ctx, l, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	return nil
}

// IsHeld returns whether somebody holds a Lease that was read, as Read does.
func IsHeld(l *coordinationv1.Lease, serverNow time.Time) bool {
	return holder(l) != "" && !hasExpired(l, serverNow, time.Now())
}

// HeldUntil returns when a Lease that was read runs out unless its holder renews it; zero where
// nobody holds it.
func HeldUntil(l *coordinationv1.Lease) time.Time {
	if holder(l) == "" {
		return time.Time{}
	}
	return expires(l)
}
