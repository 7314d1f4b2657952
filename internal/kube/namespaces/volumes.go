package namespaces

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// parallelVolumes bounds how many volumes are read at a time.
const parallelVolumes = 8

// Volumes returns what the claims of a namespace are bound to, or those of one release alone: thousands
// may share the namespace, and each volume is read. Claims that may not be listed are none, and a volume
// that may not be read has no policy: who deploys to one namespace alone may see neither.
func (m Manager) Volumes(ctx context.Context, namespace, of string) ([]facts.Volume, error) {
	var volumes []facts.Volume
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return m.Client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, options)
	})
	pages.PageSize, pages.PageBufferSize = listPage, 1
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		if v := volumeOf(o.(*corev1.PersistentVolumeClaim)); of == "" || v.Owner == of {
			volumes = append(volumes, v)
		}
		return nil
	})
	switch {
	case apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list the claims in namespace %s: %w", namespace, err)
	}
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelVolumes)
	for i := range volumes {
		reads.Go(func() error {
			volumes[i].Policy = m.reclaimPolicy(ctx, volumes[i].Name)
			return nil
		})
	}
	return volumes, reads.Wait()
}

// volumeOf returns what a claim says of its volume.
func volumeOf(claim *corev1.PersistentVolumeClaim) facts.Volume {
	size := claim.Status.Capacity[corev1.ResourceStorage]
	if size.IsZero() {
		size = claim.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	_, marked := ownership.KeepMark(claim.Labels, claim.Annotations)
	return facts.Volume{
		Claim: claim.Name, Name: claim.Spec.VolumeName, Size: size.String(),
		Owner: ownership.OwnerOf(claim.Labels, claim.Annotations).String(),
		Kept:  ownership.KeptByPolicy(claim.Annotations) || marked,
	}
}

// reclaimPolicy returns what becomes of a volume's data once its claim is gone; "" where
// that is not known.
func (m Manager) reclaimPolicy(ctx context.Context, volume string) string {
	if volume == "" {
		return ""
	}
	found, err := m.Client.CoreV1().PersistentVolumes().Get(ctx, volume, metav1.GetOptions{})
	if err != nil {
		return "" // it is only told
	}
	return string(found.Spec.PersistentVolumeReclaimPolicy)
}
