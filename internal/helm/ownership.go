package helm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// takeOver makes c's release the owner of those objects whose owner, another
// release, has no record any more, and returns the names of those that it wrote,
// with an error too. Where one object's owner exists, cannot be looked up or is not
// named, nothing is written and the error names all such objects. core lists records.
func takeOver(ctx context.Context, c *client, core corev1client.CoreV1Interface, objects kube.ResourceList) ([]string, error) {
	foreign, err := readForeign(c, objects)
	if err != nil {
		return nil, err
	}
	asked := map[ownership.Release]error{}
	var refused []string
	for _, o := range foreign {
		why := o.refusal
		if why == nil && o.owner != c.release { // else it has lost its label alone
			answer, known := asked[o.owner]
			if !known {
				answer = proveUnrecorded(ctx, core, o.owner)
				asked[o.owner] = answer
			}
			why = answer
		}
		if why != nil {
			refused = append(refused, fmt.Sprintf("%s %v", refOf(o.info), why))
		}
	}
	if len(refused) > 0 {
		return nil, &problem.Problem{Reason: problem.Foreign, Tried: "take the chart's objects into the release",
			Cause: errors.New(strings.Join(refused, "; ")),
			Next:  "Rename these objects in the chart, or remove their owner first. Nothing was touched."}
	}
	return setOwners(c, foreign)
}

// foreignObject is an existing object that does not belong to the release.
type foreignObject struct {
	info    *resource.Info
	live    metav1.Object
	owner   ownership.Release // that its annotations name
	refusal error             // why it is never taken over
}

// readForeign reads the objects and returns those that exist and do not belong to
// c's release.
func readForeign(c *client, objects kube.ResourceList) ([]foreignObject, error) {
	all := make([]*foreignObject, len(objects))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range objects {
		reads.Go(func() error {
			live, err := readLive(info)
			if err != nil {
				return apifailure.Classify(err, fmt.Sprintf("read %s to see whose it is", refOf(info)))
			}
			if live != nil && ownerOf(live) != c.release {
				all[i] = &foreignObject{info: info, live: live, owner: ownership.NamedRelease(live.GetAnnotations()), refusal: neverTaken(live)}
			}
			return nil
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	var foreign []foreignObject
	for _, o := range all {
		if o != nil {
			foreign = append(foreign, *o)
		}
	}
	return foreign, nil
}

// neverTaken returns why an object is not taken over whether or not a release of
// its owner's name exists, or nil.
func neverTaken(live metav1.Object) error {
	owner := ownership.NamedRelease(live.GetAnnotations())
	manager := live.GetLabels()[ownership.LabelManagedBy]
	switch {
	case owner.Namespace == "" || owner.Name == "":
		return errors.New("exists and names no release as its owner")
	case manager != "" && manager != ownership.ManagedByHelm:
		return fmt.Errorf("exists and is managed by %q", manager)
	}
	return nil
}

// proveUnrecorded returns nil when it is proven that a release has no record,
// neither in a Secret nor in a ConfigMap. A list that fails proves nothing.
func proveUnrecorded(ctx context.Context, core corev1client.CoreV1Interface, r ownership.Release) error {
	for _, kind := range []record.Kind{record.Secrets, record.ConfigMaps} {
		found, err := hasRecord(ctx, core, kind, r)
		if err != nil {
			return fmt.Errorf("belongs to release %s, and whether that still exists cannot be told: %w", r, err)
		}
		if found {
			return fmt.Errorf("belongs to release %s", r)
		}
	}
	return nil
}

// hasRecord lists metadata alone. A Secret that has lost its labels counts by its
// name; of a ConfigMap, only the label tells that it is a record.
func hasRecord(ctx context.Context, core corev1client.CoreV1Interface, kind record.Kind, r ownership.Release) (bool, error) {
	list := core.RESTClient().Get().Namespace(r.Namespace).Resource(kind.Resource()).
		SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
	if kind == record.Secrets {
		list = list.Param("fieldSelector", "type=helm.sh/release.v1")
	} else {
		list = list.Param("labelSelector", "name="+r.Name)
	}
	data, err := list.Do(ctx).Raw()
	if err != nil {
		return false, fmt.Errorf("list %s in namespace %s: %w", kind, r.Namespace, err)
	}
	var found metav1.PartialObjectMetadataList
	if err := json.Unmarshal(data, &found); err != nil {
		return false, fmt.Errorf("read the list of %s in namespace %s: %w", kind, r.Namespace, err)
	}
	return slices.ContainsFunc(found.Items, func(item metav1.PartialObjectMetadata) bool {
		return item.Labels["name"] == r.Name || strings.HasPrefix(item.Name, "sh.helm.release.v1."+r.Name+".v")
	}), nil
}

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

// setOwner writes c's release on an object that is still as it was read.
func setOwner(c *client, o foreignObject) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": o.live.GetUID(), "resourceVersion": o.live.GetResourceVersion(),
		"labels":      c.release.Labels(),
		"annotations": c.release.Annotations(),
	}})
	if err != nil {
		return fmt.Errorf("write the patch of %s: %w", refOf(o.info), err)
	}
	helper := resource.NewHelper(o.info.Client, o.info.Mapping).WithFieldManager(fieldManager)
	if _, err := helper.Patch(o.info.Namespace, o.info.Name, types.MergePatchType, patch, nil); err != nil {
		return apifailure.Classify(err, fmt.Sprintf("take %s over from release %s, which is no more", refOf(o.info), o.owner))
	}
	return nil
}

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
