package objects

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// What a look at what is being deleted may take and hold.
const (
	goingTime = 5 * time.Second
	goingRead = 100 // objects
)

// Goings looks at objects that are being deleted, by their metadata alone.
type Goings struct {
	Metadata metadata.Interface
	Mapper   meta.RESTMapper
}

// Going returns those of the objects that are still there and are being deleted. One that was
// made anew since it was seen is none of them. What cannot be read is told.
func (g Goings) Going(ctx context.Context, objects []facts.Object) (going facts.Going) {
	ctx, cancel := context.WithTimeout(ctx, goingTime)
	defer cancel()
	if more := len(objects) - goingRead; more > 0 {
		going.Unread = append(going.Unread, fmt.Sprintf("%d more objects were not looked at", more))
		objects = objects[:goingRead]
	}
	found, unread := make([]*facts.Blocker, len(objects)), make([]string, len(objects))
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, o := range objects {
		reads.Go(func() error {
			found[i], unread[i] = g.read(ctx, o)
			return nil // what could not be read is told
		})
	}
	_ = reads.Wait()
	for i := range objects {
		if found[i] != nil {
			going.Blockers = append(going.Blockers, *found[i])
		}
		if unread[i] != "" {
			going.Unread = append(going.Unread, unread[i])
		}
	}
	return going
}

// read returns nil for an object that is gone, or is not being deleted.
func (g Goings) read(ctx context.Context, o facts.Object) (b *facts.Blocker, unread string) {
	mapping, err := manifest.MappingFor(g.Mapper, schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
	if err != nil {
		return nil, ""
	}
	namespace := o.Namespace
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		namespace = ""
	}
	live, err := g.at(mapping.Resource, namespace).Get(ctx, o.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, ""
	case apierrors.IsForbidden(err):
		return nil, o.String() + " may not be read"
	case err != nil:
		return nil, o.String() + " could not be read"
	case o.UID != "" && o.UID != string(live.UID), live.DeletionTimestamp == nil:
		return nil, ""
	}
	found := namespaces.BlockerOf(mapping.Resource, mapping.GroupVersionKind.Kind, namespace, &live.ObjectMeta)
	return &found, ""
}

func (g Goings) at(resource schema.GroupVersionResource, namespace string) metadata.ResourceInterface {
	if namespace == "" {
		return g.Metadata.Resource(resource)
	}
	return g.Metadata.Resource(resource).Namespace(namespace)
}

// collectors are finalizers that the garbage collector of Kubernetes takes off itself.
var collectors = []string{metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents}

// Strip takes off the finalizers of an object that is being deleted, but for those of the
// garbage collector, and returns which. It writes to the very object that was read: one that has
// changed since is left as it is, and so is one that is gone.
func (g Goings) Strip(ctx context.Context, b facts.Blocker) (stripped []string, err error) {
	stays := func(finalizer string) bool { return slices.Contains(collectors, finalizer) }
	stripped = slices.DeleteFunc(slices.Clone(b.Finalizers), stays)
	version, err := schema.ParseGroupVersion(b.APIVersion)
	if len(stripped) == 0 || b.Since.IsZero() || b.UID == "" || b.Version == "" || err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(slices.Clone(b.Finalizers), func(finalizer string) bool { return !stays(finalizer) })
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": b.UID, "resourceVersion": b.Version, "finalizers": append([]string{}, kept...),
	}})
	if err != nil {
		return nil, err
	}
	resource := version.WithResource(b.Resource)
	_, err = g.at(resource, b.Namespace).Patch(ctx, b.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	tried := fmt.Sprintf("take the finalizers off %s, as strip-finalizers says", b.Ref)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		return nil, nil
	case apierrors.IsForbidden(err) && apifailure.IsDenied(err):
		return nil, &problem.Problem{Reason: problem.PermissionMissing, Tried: tried, Cause: err,
			Next: "Grant the verb patch on " + resource.GroupResource().String() + ", then run teardown again.",
			Missing: []problem.MissingPermission{{Reason: err.Error(), Permission: problem.Permission{Verb: "patch", Group: resource.Group,
				Resource: resource.Resource, Namespace: b.Namespace, Why: "take off finalizers, as strip-finalizers says"}}}}
	case err != nil:
		return nil, apifailure.Classify(fmt.Errorf("%s: %w", tried, err), tried)
	}
	return stripped, nil
}
