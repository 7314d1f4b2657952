package rollout

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/manifest"
)

// parallelReads bounds the concurrent requests of a wait, watches not counted.
const parallelReads = 16

// ByName returns objects of which only the name is known, so that a wait reads
// them first.
func ByName(refs []facts.Ref) manifest.Objects {
	all := make(manifest.Objects, len(refs))
	for i, r := range refs {
		all[i] = Named(r, "")
	}
	return all
}

// Named returns an object of which only the name is known and, unless it is empty,
// the UID.
func Named(r facts.Ref, uid types.UID) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(r.APIVersion)
	u.SetKind(r.Kind)
	u.SetNamespace(r.Namespace)
	u.SetName(r.Name)
	u.SetUID(uid)
	return u
}

// target is one object that is waited for. One goroutine at a time uses it: first one
// of readAll, then that of the loop, at last one of diagnose.
type target struct {
	object    facts.Object
	source    source
	resource  dynamic.ResourceInterface
	live      *unstructured.Unstructured // as last seen; nil: it does not exist, or was not read
	read      bool                       // it was passed in by the caller, or could be read last time
	satisfied bool                       // it is as it is waited for
	podView
	// unchanged is whether its controller had observed it as it was applied: this
	// run did not change it.
	unchanged bool
	// fresh is whether this run has made or changed it, as far as can be told.
	fresh   bool
	ignored bool // it is not waited for
	// expires is whether Kubernetes deletes it once it has ended.
	expires bool
	standing
	watching
	// priorFailure is whether a refusal of its pods may date from before this run;
	// see health.Evidence.
	priorFailure bool
	remains      remains // of its pods, where it is a Job
}

// podView is what is shown of a target's pods.
type podView struct {
	podReason string // why its first unready pod is not ready, or not there; "": unknown, or none
	oldPod    string // the pod that has to end before another is made; "": none has
	lost      health.LostNodes
}

// source is what objects of one kind are read from.
type source struct {
	resource  schema.GroupVersionResource
	namespace string // "": cluster-scoped
}

// key identifies a target.
type key struct {
	source
	name string
}

func (t *target) key() key { return key{t.source, t.object.Name} }

// isPodOf returns whether a pod that its selector matches is its own.
func (t *target) isPodOf(p *corev1.Pod) bool {
	uid := types.UID(t.object.UID)
	if t.live != nil {
		uid = t.live.GetUID()
	}
	return health.IsPodOf(t.object.Kind, t.object.Name, uid, p)
}

// targets returns the objects to wait for, each once.
func (c Clients) targets(applied manifest.Objects) ([]*target, error) {
	all := make([]*target, 0, len(applied))
	seen := make(map[key]bool, len(applied))
	for _, u := range applied {
		t, err := c.target(u)
		if err != nil {
			return nil, err
		}
		if !seen[t.key()] {
			seen[t.key()] = true
			all = append(all, t)
		}
	}
	return all, nil
}

func (c Clients) target(u *unstructured.Unstructured) (*target, error) {
	ref := facts.Ref{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
	gvk := u.GroupVersionKind()
	mapping, err := c.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s to wait for it: %w", ref, err)
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		ref.Namespace = ""
	} else if ref.Namespace == "" {
		ref.Namespace = c.Namespace
	}
	t := &target{
		object: facts.Object{Ref: ref, UID: string(u.GetUID()), Reason: "it has not been read yet"},
		source: source{mapping.Resource, ref.Namespace},
	}
	t.resource = c.resource(t.source)
	if u.GetUID() != "" && u.GetResourceVersion() != "" {
		t.live, t.read = u, true
		t.unchanged, t.fresh = health.Observed(u), isFresh(u, time.Now())
		t.priorFailure = t.unchanged
		t.clearPriorFailure()
	}
	return t, nil
}

// resource returns the client for a source.
func (c Clients) resource(s source) dynamic.ResourceInterface {
	if s.namespace == "" {
		return c.Dynamic.Resource(s.resource)
	}
	return c.Dynamic.Resource(s.resource).Namespace(s.namespace)
}

// readAll reads each of the targets that was not read yet. One that cannot be read
// stays unread: its informer retries.
func readAll(ctx context.Context, targets []*target) {
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for _, t := range targets {
		if t.read {
			continue
		}
		reads.Go(func() error {
			live, err := t.resource.Get(ctx, t.object.Name, metav1.GetOptions{})
			switch {
			case err == nil:
				t.update(live)
			case apierrors.IsNotFound(err):
				t.update(nil)
			default:
				t.object.Reason = fmt.Sprintf("it cannot be read: %v", err)
			}
			return nil
		})
	}
	_ = reads.Wait() // they return no errors
}

// update stores the object as it was seen; nil: it does not exist. It returns
// false, and stores nothing, if a newer version is known: a watch of several
// objects begins at the oldest of their versions and replays the past of the
// others, earlier objects of the same name included.
func (t *target) update(live *unstructured.Unstructured) (updated bool) {
	t.read = true
	if t.live != nil && live != nil && versionOf(live) < versionOf(t.live) {
		return false
	}
	t.live = trimObject(live)
	t.clearPriorFailure()
	return true
}

// clearPriorFailure makes refusals count once the object has ceased to report one,
// or is made anew.
func (t *target) clearPriorFailure() {
	switch {
	case t.live == nil:
		t.priorFailure = false
	case t.live.GetKind() == "Deployment" || t.live.GetKind() == "ReplicaSet":
		t.priorFailure = t.priorFailure && health.ReplicaFailure(t.live)
	}
}

// describe copies to t.object what every evaluation reports of the live object.
func (t *target) describe() {
	t.object.UID, t.object.Exists = string(t.live.GetUID()), true
	t.object.Created = t.live.GetCreationTimestamp().Time
	t.object.Deleting = t.live.GetDeletionTimestamp() != nil
	t.object.Complete = health.Complete(t.live)
	_, t.expires = health.TimeToLive(t.live)
}

// madeAnew returns whether the live object is another than the one described
// before, under the same name.
func (t *target) madeAnew() bool {
	return t.object.UID != "" && t.object.UID != string(t.live.GetUID())
}

func (t *target) isJob() bool { return t.live != nil && health.IsJob(t.live) }

// isCustom returns whether the target is a custom resource, by its API group.
func (t *target) isCustom() bool { return health.IsCustom(t.source.resource.Group) }

func isDenied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }
