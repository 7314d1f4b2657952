package helm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/ownership"
)

// setOwners calls setOwner for each object. It returns the names of those that
// were written, and the first error.
func setOwners(c *client, foreign []foreignObject) ([]string, error) {
	var patches errgroup.Group
	patches.SetLimit(parallelRequests)
	written := make([]string, len(foreign))
	for i, o := range foreign {
		patches.Go(func() error {
			if err := setOwner(c, o); err != nil {
				return err
			}
			written[i] = nameOf(refOf(o.info))
			return nil
		})
	}
	err := patches.Wait()
	return slices.DeleteFunc(written, func(name string) bool { return name == "" }), err
}

// setOwner writes c's release on an object and, unless the release had made it, whom it is
// taken from. Where somebody changed the object since it was read, it is judged anew.
func setOwner(c *client, o foreignObject) error {
	err := apifailure.RetryConflicts(func() error {
		if o.live == nil {
			if err := o.readAgain(c); err != nil || o.live == nil {
				return err
			}
		}
		patch, err := o.owning(c.release)
		if err != nil {
			return fmt.Errorf("write the patch of %s: %w", refOf(o.info), err)
		}
		_, err = resource.NewHelper(o.info.Client, o.info.Mapping).WithFieldManager(fieldManager).
			Patch(o.info.Namespace, o.info.Name, types.MergePatchType, patch, nil)
		o.live = nil
		return err
	})
	if err != nil {
		return apifailure.Classify(err, fmt.Sprintf("take %s over from %s", refOf(o.info), nameOwner(o.owner)))
	}
	return nil
}

// owning returns the patch that writes the release on an object that is still as it was
// read.
func (o *foreignObject) owning(release ownership.Release) ([]byte, error) {
	annotations := release.Annotations()
	if o.owner != release || o.doubt != nil {
		from := cmp.Or(o.owner.String(), "nobody that it named")
		annotations = ownership.Merge(annotations, ownership.TakenOverFrom(from, o.live.GetAnnotations()))
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": o.live.GetUID(), "resourceVersion": o.live.GetResourceVersion(),
		"labels":      release.Labels(),
		"annotations": annotations,
	}})
}

// readAgain reads an object that was changed, and returns an error where it is not to be
// taken as it is now. One that is gone is nil.
func (o *foreignObject) readAgain(c *client) error {
	live, err := c.readLive(o.info)
	if err != nil || live == nil {
		return err
	}
	o.live = live
	if owner := ownership.NamedRelease(live.GetAnnotations()); owner != o.owner {
		return foreign(refOf(o.info), "it belongs to "+nameOwner(owner)+" by now")
	}
	if of := ownership.HookRelease(live.GetAnnotations()); of != o.hookOf {
		return foreign(refOf(o.info), "a hook of "+nameOwner(of)+" made it by now")
	}
	o.doubt = cmp.Or(o.recorded.unknown, doubtOf(o, c.release))
	return refuseTakeOver(c, []foreignObject{*o})
}
