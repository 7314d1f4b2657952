package helm

import (
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/ownership"
)

// merge brings one object from what the original manifest says to what the target
// says, by the three-way merge of Helm's own update, but for two things: it writes to no
// object that is somebody else's, and no patch reaches another version of the object
// than the one that it was made from.
func (c *client) merge(original, target kube.ResourceList) (*kube.Result, error) {
	info, res := target[0], &kube.Result{}
	want := info.Object // an answer takes its place
	err := apifailure.RetryConflicts(func() error {
		live, err := c.readLive(info)
		if err != nil {
			return fmt.Errorf("could not get information about the resource: %w", err)
		}
		if live == nil {
			*res = kube.Result{Created: target}
			return c.createAbsent(info, want)
		}
		*res = kube.Result{Updated: target}
		// What the manifest did not have, a rollback finds where it was left: it was to be kept, or is
		// somebody's who let the release take it. Nothing that others have put there is taken away.
		was := want
		if before := original.Get(info); before != nil {
			was = before.Object
		}
		if why := c.notToWrite(info)(live); why != "" {
			return foreign(refOf(info), why)
		}
		if why := c.ownedByGitOps(&resource.Info{Namespace: info.Namespace, Name: info.Name, Mapping: info.Mapping, Object: want},
			original)(live); why != "" {
			return foreign(refOf(info), why)
		}
		return patchOwn(info, was, want, live)
	})
	return res, err
}

// createAbsent creates an object that was not there when it was read.
func (c *client) createAbsent(info *resource.Info, want runtime.Object) error {
	answer, err := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(fieldManager).Create(info.Namespace, true, want)
	if apierrors.IsAlreadyExists(err) {
		err = c.explainExisting(info, err)
	}
	if err != nil {
		return fmt.Errorf("failed to create resource: %w", err)
	}
	return info.Refresh(answer, true)
}

// explainExisting returns err, or that an object is somebody else's which came into being
// since its absence was seen.
func (c *client) explainExisting(info *resource.Info, err error) error {
	live, readErr := c.readLive(info)
	if readErr != nil || live == nil {
		return err
	}
	whose := notOwn(c.release)
	if want, ok := info.Object.(*unstructured.Unstructured); ok && ownership.IsHook(want.GetAnnotations()) {
		whose = c.hookObjects.notMade(c.release, want)
	}
	if why := whose(live); why != "" {
		return foreign(refOf(info), why)
	}
	return err
}

// patchOwn writes to the object that was read, if anything is to be written.
func patchOwn(info *resource.Info, was, want runtime.Object, live *unstructured.Unstructured) error {
	patch, form, err := threeWayPatch(info, was, want, live)
	if err != nil {
		return fmt.Errorf("failed to create patch: %w", err)
	}
	if len(patch) == 0 || string(patch) == "{}" {
		return info.Refresh(live, true)
	}
	if patch, err = bind(patch, live); err != nil {
		return fmt.Errorf("failed to create patch: %w", err)
	}
	answer, err := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(fieldManager).
		Patch(info.Namespace, info.Name, form, patch, nil)
	if apierrors.IsNotFound(err) { // it went since it was read, and is created
		err = apierrors.NewConflict(info.Mapping.Resource.GroupResource(), info.Name, err)
	}
	if err != nil {
		return fmt.Errorf("cannot patch %q with kind %s: %w", info.Name, info.Mapping.GroupVersionKind.Kind, err)
	}
	return info.Refresh(answer, true)
}

// threeWayPatch returns the patch of Helm's three-way merge: lists are merged by their
// keys where the kind has a Go type.
//
// For a kind without one, Helm's upgrade compares the two manifests alone. A custom
// resource that a failed or interrupted revision did not reach, or that somebody edited,
// would stay as it is for as long as the manifest says the same. Here the live object
// counts for every kind. Of its metadata's lists, what others have added stays, and so do
// the replicas that an autoscaler has chosen, unless the manifest sets others than before.
func threeWayPatch(info *resource.Info, was, want, live runtime.Object) ([]byte, types.PatchType, error) {
	versioned := kube.AsVersioned(info)
	_, generic := versioned.(runtime.Unstructured)
	want = joined(was, want, live, contents.WithScale)
	if generic {
		want = joined(was, want, live, contents.WithAdded)
	}
	var all [3][]byte
	for i, o := range []runtime.Object{was, want, live} {
		data, err := json.Marshal(o)
		if err != nil {
			return nil, "", err
		}
		all[i] = data
	}
	if generic {
		patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(all[0], all[1], all[2],
			mergepatch.RequireKeyUnchanged("apiVersion"), mergepatch.RequireKeyUnchanged("kind"), mergepatch.RequireMetadataKeyUnchanged("name"))
		return patch, types.MergePatchType, err
	}
	keys, err := strategicpatch.NewPatchMetaFromStruct(versioned)
	if err != nil {
		return nil, "", err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(all[0], all[1], all[2], keys, true)
	return patch, types.StrategicMergePatchType, err
}

// joined calls join with objects as a list holds them.
func joined(was, want, live runtime.Object,
	join func(was, want, live *unstructured.Unstructured) *unstructured.Unstructured) runtime.Object {
	var all [3]*unstructured.Unstructured
	for i, o := range []runtime.Object{was, want, live} {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return want
		}
		all[i] = u
	}
	return join(all[0], all[1], all[2])
}
