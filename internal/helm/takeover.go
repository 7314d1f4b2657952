package helm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// foreign says that Helm refused an object because of its owner, for which it
// has no type (pkg/action/validate.go).
func foreign(err error) bool {
	return err != nil && strings.Contains(err.Error(), "invalid ownership metadata")
}

// takeOver gives this release the objects of releases that are no more, and
// names them. It is all or nothing: with one object whose owner lives, or cannot
// be asked for, or that names none, nothing is touched.
func (c *client) takeOver(ctx context.Context, core corev1client.CoreV1Interface, objects kube.ResourceList) ([]string, error) {
	claims, err := c.claims(objects)
	if err != nil {
		return nil, err
	}
	asked := map[ownership.Release]error{}
	var kept []string
	for _, claim := range claims {
		why := claim.refusal
		if why == nil && claim.owner.String() != c.owner { // else it lost its label alone
			answer, known := asked[claim.owner]
			if !known {
				answer = gone(ctx, core, claim.owner)
				asked[claim.owner] = answer
			}
			why = answer
		}
		if why != nil {
			kept = append(kept, fmt.Sprintf("%s %v", claim.name, why))
		}
	}
	if len(kept) > 0 {
		return nil, &problem.Problem{Reason: problem.NotOurs, Tried: "take the chart's objects into the release",
			Cause: errors.New(strings.Join(kept, "; ")),
			Next:  "Rename these objects in the chart, or remove their owner first. Nothing was touched."}
	}
	var patches errgroup.Group
	patches.SetLimit(parallelCalls)
	taken := make([]string, len(claims))
	for i, claim := range claims {
		taken[i] = names(refs(kube.ResourceList{claim.info}))[0]
		patches.Go(func() error { return c.take(claim) })
	}
	return taken, patches.Wait()
}

// claim is an object in the chart that another release's name stands on.
type claim struct {
	info    *resource.Info
	name    string
	live    metav1.Object
	owner   ownership.Release
	refusal error // why it is never taken
}

// claims reads the objects and keeps those that exist and are not this release's.
func (c *client) claims(objects kube.ResourceList) ([]claim, error) {
	all := make([]*claim, len(objects))
	var reads errgroup.Group
	reads.SetLimit(parallelCalls)
	for i, info := range objects {
		reads.Go(func() (err error) {
			all[i], err = c.claim(info)
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	var claims []claim
	for _, one := range all {
		if one != nil {
			claims = append(claims, *one)
		}
	}
	return claims, nil
}

func (c *client) claim(info *resource.Info) (*claim, error) {
	name := refs(kube.ResourceList{info})[0].String()
	found, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, apifailure.Classify(err, "read "+name+" to see whose it is")
	}
	live, err := meta.Accessor(found)
	if err != nil {
		return nil, fmt.Errorf("read the metadata of %s: %w", name, err)
	}
	if ownership.OwnerOf(live.GetLabels(), live.GetAnnotations()).String() == c.owner {
		return nil, nil
	}
	one := &claim{info: info, name: name, live: live, owner: ownership.NamedRelease(live.GetAnnotations())}
	manager := live.GetLabels()[ownership.LabelManagedBy]
	switch {
	case one.owner.Namespace == "" || one.owner.Name == "":
		one.refusal = errors.New("exists and names no release as its owner")
	case manager != "" && manager != ownership.ManagedByHelm:
		one.refusal = fmt.Errorf("exists and is managed by %q", manager)
	}
	return one, nil
}

// take writes this release's name on an object that is still as it was read.
func (c *client) take(o claim) error {
	namespace, name, _ := strings.Cut(c.owner, "/")
	release := ownership.Release{Namespace: namespace, Name: name}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": o.live.GetUID(), "resourceVersion": o.live.GetResourceVersion(),
		"labels": release.Labels(), "annotations": release.Annotations(),
	}})
	if err != nil {
		return fmt.Errorf("write the patch of %s: %w", o.name, err)
	}
	helper := resource.NewHelper(o.info.Client, o.info.Mapping).WithFieldManager(fieldManager)
	if _, err := helper.Patch(o.info.Namespace, o.info.Name, types.MergePatchType, patch, nil); err != nil {
		return apifailure.Classify(err, fmt.Sprintf("take %s over from release %s, which is no more", o.name, o.owner))
	}
	return nil
}
