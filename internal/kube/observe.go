package kube

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/verdict"
)

// parallelReads bounds how many objects are read at a time.
const parallelReads = 16

// Observer reads the objects of a manifest from the cluster.
type Observer struct {
	Dynamic dynamic.Interface
	Mapper  meta.RESTMapper
}

// Observe reads every object of the manifest and says of each, in the
// manifest's order, whether it is there, the release's own, as the manifest
// wants it, and ready. Objects without a namespace are looked for in the given
// one. A kind that the server does not know, or knows in another version only,
// is a finding on that object.
//
// An object that may not be read makes a *verdict.Problem with all the gaps, and
// one that cannot be read the API server's error, wrapped: what is not known is
// never taken for absent. Hooks can be observed too, but Helm writes no
// ownership on them: their Owned and Drift say nothing.
func (o Observer) Observe(ctx context.Context, manifest, release, namespace string) ([]verdict.Object, error) {
	wanted, err := ParseManifest(manifest)
	if err != nil {
		return nil, &verdict.Problem{
			Ending: verdict.EndUnreadable,
			Tried:  fmt.Sprintf("read the stored manifest of release %s in namespace %s", release, namespace),
			Cause:  err,
			Next:   "deploy again: a new revision stores a new manifest",
		}
	}
	scaled := autoscaled(wanted)
	seen := make([]sight, len(wanted))
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, want := range wanted {
		reads.Go(func() error {
			seen[i] = o.look(ctx, want, release, namespace, scaled[scaleTarget(want)])
			return nil
		})
	}
	_ = reads.Wait() // each keeps its own error
	return gather(seen, release, namespace)
}

// sight is what became of reading one object.
type sight struct {
	object verdict.Object
	gap    *verdict.Gap // it may not be read
	err    error        // it could not be read
}

func (o Observer) look(ctx context.Context, want *unstructured.Unstructured, release, namespace string, scaled bool) sight {
	object := verdict.Object{Ref: refOf(want)}
	gvk := want.GroupVersionKind()
	mapping, err := mappingOf(o.Mapper, gvk)
	switch {
	case meta.IsNoMatchError(err):
		object.Error = fmt.Sprintf("the API server has no kind %s in %s", gvk.Kind, gvk.GroupVersion())
		return sight{object: object}
	case err != nil:
		return sight{object: object, err: fmt.Errorf("find the resource of %s: %w", object.Ref, err)}
	}
	if object.Name == "" {
		object.Error = "the manifest gives it no name"
		return sight{object: object}
	}
	if served := mapping.GroupVersionKind.GroupVersion(); served != gvk.GroupVersion() {
		object.Error = fmt.Sprintf("the API server has %s no longer in %s, but in %s", gvk.Kind, gvk.GroupVersion(), served)
	}
	resource := dynamic.ResourceInterface(o.Dynamic.Resource(mapping.Resource))
	object.Namespace = ""
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		object.Namespace = want.GetNamespace()
		if object.Namespace == "" {
			object.Namespace = namespace
		}
		resource = o.Dynamic.Resource(mapping.Resource).Namespace(object.Namespace)
	}
	live, err := resource.Get(ctx, object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return sight{object: object}
	case apierrors.IsForbidden(err):
		object.Error = "it may not be read"
		return sight{object: object, gap: &verdict.Gap{Permission: verdict.Permission{
			Verb: "get", Group: mapping.Resource.Group, Resource: mapping.Resource.Resource,
			Namespace: object.Namespace, Name: object.Name, Why: "see the objects of the release",
		}, Reason: err.Error()}}
	case err != nil:
		object.Error = "it could not be read"
		return sight{object: object, err: fmt.Errorf("read %s: %w", object.Ref, err)}
	}
	describe(&object, want, live, release, namespace, scaled)
	return sight{object: object}
}

// describe fills in what the live object says.
func describe(object *verdict.Object, want, live *unstructured.Unstructured, release, namespace string, scaled bool) {
	ready := rollout.Ready(live)
	object.Exists = true
	object.UID = string(live.GetUID())
	object.Created = live.GetCreationTimestamp().Time
	object.Owner, object.Owned = releaseOwner(live, release, namespace)
	object.Deleting = live.GetDeletionTimestamp() != nil
	object.Kept = policyKeeps(want) || policyKeeps(live)
	object.Ready, object.Failed, object.Reason = ready.Ready, ready.Failed, ready.Reason
	object.Complete = rollout.Complete(live)
	if held := live.GetFinalizers(); object.Deleting && len(held) > 0 {
		object.Reason = fmt.Sprintf("it is being deleted and held by finalizers %q", held)
	}
	object.Drift = drift(want, live, release, namespace, scaled)
}

// gather turns what was seen into the answer: objects, one Problem for all that
// may not be read, and the errors of what could not be.
func gather(seen []sight, release, namespace string) ([]verdict.Object, error) {
	objects := make([]verdict.Object, len(seen))
	var gaps []verdict.Gap
	var errs []error
	for i, s := range seen {
		objects[i] = s.object
		if s.gap != nil {
			gaps = append(gaps, *s.gap)
		}
		if s.err != nil {
			errs = append(errs, s.err)
		}
	}
	if len(gaps) > 0 {
		return objects, &verdict.Problem{
			Ending: verdict.EndPermission,
			Tried:  fmt.Sprintf("read the objects of release %s in namespace %s", release, namespace),
			Cause:  fmt.Errorf("%d of %d may not be read, first: %s", len(gaps), len(seen), gaps[0].Reason),
			Next:   "grant get on these resources",
			Gaps:   gaps,
		}
	}
	return objects, errors.Join(errs...)
}
