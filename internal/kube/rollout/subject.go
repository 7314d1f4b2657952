package rollout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
)

// parallelReads bounds how many requests a wait has under way at once, watches
// aside.
const parallelReads = 16

// Applied is an object as the API server returned it when it was applied, or
// with nothing but its kind and name.
type Applied = *unstructured.Unstructured

// subject is one object that is waited for.
type subject struct {
	object   facts.Object
	source   source
	resource dynamic.ResourceInterface
	live     *unstructured.Unstructured // as last seen; nil: it is not there
	// unchanged says that it was applied as its controller knew it already, so that
	// a refusal that it tells of may be of an earlier run, and over by now.
	unchanged bool
	before    bool   // the same, and it stays so
	known     bool   // live says how it is, not just that nobody looked
	met       bool   // it is as it was waited for
	held      string // what its pods wait for, as far as they are looked at
	judged    bool   // it was judged before
	overdue   string // the deadline that it had exceeded by then
}

// source is where objects of one kind are read.
type source struct {
	resource  schema.GroupVersionResource
	namespace string // empty: cluster-scoped
}

// outcome is how an object stands to what is waited for.
type outcome int

const (
	pending outcome = iota
	met
	missed // it will not come to that
)

// ByName are objects of which nothing is known but their names.
func ByName(refs []facts.Ref) []Applied {
	all := make([]Applied, len(refs))
	for i, r := range refs {
		u := &unstructured.Unstructured{}
		u.SetAPIVersion(r.APIVersion)
		u.SetKind(r.Kind)
		u.SetNamespace(r.Namespace)
		u.SetName(r.Name)
		all[i] = u
	}
	return all
}

// subjects are the objects to wait for, each once.
func (w *Waiter) subjects(applied []Applied) ([]*subject, error) {
	type place struct {
		source
		name string
	}
	all := make([]*subject, 0, len(applied))
	seen := make(map[place]bool, len(applied))
	for _, u := range applied {
		s, err := w.subject(u)
		if err != nil {
			return nil, err
		}
		if at := (place{s.source, s.object.Name}); !seen[at] {
			seen[at] = true
			all = append(all, s)
		}
	}
	return all, nil
}

func (w *Waiter) subject(u *unstructured.Unstructured) (*subject, error) {
	ref := facts.Ref{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
	gvk := u.GroupVersionKind()
	mapping, err := w.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s to wait for it: %w", ref, err)
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		ref.Namespace = ""
	} else if ref.Namespace == "" {
		ref.Namespace = w.Namespace
	}
	s := &subject{
		object: facts.Object{Ref: ref, Reason: "it has not been read yet"},
		source: source{mapping.Resource, ref.Namespace},
	}
	s.resource = w.at(s.source)
	if u.GetUID() != "" && u.GetResourceVersion() != "" {
		s.live, s.known = u, true
		s.before = health.Observed(u)
		s.unchanged = s.before
		s.renew()
	}
	return s, nil
}

// at is the client for a source.
func (w *Waiter) at(from source) dynamic.ResourceInterface {
	if from.namespace == "" {
		return w.Dynamic.Resource(from.resource)
	}
	return w.Dynamic.Resource(from.resource).Namespace(from.namespace)
}

// describe takes from the live object what every wait tells of it.
func (s *subject) describe() {
	s.object.UID, s.object.Exists = string(s.live.GetUID()), true
	s.object.Created = s.live.GetCreationTimestamp().Time
	s.object.Deleting = s.live.GetDeletionTimestamp() != nil
	s.object.Complete = health.Complete(s.live)
}

// take keeps what was seen, unless what is known is newer: a watch that begins
// at the oldest of several versions shows the others' past, their namesakes'
// before them included.
func (s *subject) take(live *unstructured.Unstructured) (news bool) {
	if s.live != nil && live != nil && versionOf(live) < versionOf(s.live) {
		return false
	}
	s.live, s.known = trim(live), true
	s.renew()
	return true
}

// renew lets a Deployment's refusals count once it tells of none.
func (s *subject) renew() {
	switch {
	case s.live == nil:
		s.unchanged = false
	case s.live.GetKind() == "Deployment" || s.live.GetKind() == "ReplicaSet":
		s.unchanged = s.unchanged && health.ReplicaFailure(s.live)
	}
}

// trim drops what no judgement needs and a thousand objects would keep in memory.
func trim(live *unstructured.Unstructured) *unstructured.Unstructured {
	if live == nil {
		return nil
	}
	unstructured.RemoveNestedField(live.Object, "metadata", "managedFields")
	for _, field := range []string{"data", "binaryData", "stringData"} {
		delete(live.Object, field)
	}
	return live
}

// versionOf is the resource version as a number, which versions of one resource
// can be compared by; 0 where it is none.
func versionOf(o interface{ GetResourceVersion() string }) uint64 {
	n, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// operated says that custom resources are among them: their controllers may
// bring what others need.
func operated(subjects []*subject) bool {
	return slices.ContainsFunc(subjects, func(s *subject) bool {
		group := s.source.resource.Group
		return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
	})
}

// readAll looks at each of the subjects that nothing is known of. A read that
// gave no answer, or was denied, leaves its subject as it is: a feed reads on.
func readAll(ctx context.Context, subjects []*subject) {
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for _, s := range subjects {
		if s.known {
			continue
		}
		reads.Go(func() error {
			live, err := s.resource.Get(ctx, s.object.Name, metav1.GetOptions{})
			switch {
			case err == nil:
				s.take(live)
			case apierrors.IsNotFound(err):
				s.take(nil)
			default:
				s.object.Reason = fmt.Sprintf("it cannot be read: %v", err)
			}
			return nil
		})
	}
	_ = reads.Wait() // they give no errors
}

func denied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }
