package helm

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// refuseForeign returns a *problem.Problem with the headline refused where an
// object belongs to something else than c's release. Those of have, the last
// revision's, may also name no owner, as for Helm's upgrade.
func refuseForeign(c *client, refused string, have, want kube.ResourceList) error {
	objects := slices.Concat(have, want.Difference(have))
	foreign := make([]error, len(objects))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range objects {
		reads.Go(func() error {
			live, err := readLive(info)
			if err != nil {
				return fmt.Errorf("read %s to see whose it is: %w", refOf(info), err)
			}
			if live == nil {
				return nil
			}
			owner := ownerOf(live)
			if owner != c.release && (owner != ownership.Release{} || i >= len(have)) {
				foreign[i] = fmt.Errorf("%s belongs to %s", refOf(info), nameOwner(owner))
			}
			return nil
		})
	}
	if err := reads.Wait(); err != nil {
		return c.noteRefusal(err, "read the objects that a rollback changes")
	}
	if cause := errors.Join(foreign...); cause != nil {
		return &problem.Problem{Reason: problem.Foreign, Headline: refused + ": objects of it belong to something else.", Cause: cause,
			Next: "Give these objects back or remove them, then run again. Nothing was touched."}
	}
	return nil
}

// readLive reads an object from the API server. It returns nil for one that does
// not exist.
func readLive(info *resource.Info) (metav1.Object, error) {
	found, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	live, err := meta.Accessor(found)
	if err != nil {
		return nil, fmt.Errorf("read the metadata of %s: %w", refOf(info), err)
	}
	return live, nil
}

// ownerOf returns the release that an object belongs to, or the zero Release.
func ownerOf(o metav1.Object) ownership.Release {
	return ownership.OwnerOf(o.GetLabels(), o.GetAnnotations())
}

// nameOwner names an object's owner to a person.
func nameOwner(r ownership.Release) string {
	if r == (ownership.Release{}) {
		return "nobody that it names"
	}
	return r.String()
}
