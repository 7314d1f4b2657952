package namespaces

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
)

// What a look at what is left in a namespace may take and hold.
const (
	goingTime  = 5 * time.Second
	goingKinds = 10  // how many kinds are listed
	goingPage  = 250 // how many objects of each
)

// Going returns what is left in a namespace that is being deleted, of the kinds that the
// namespace controller has found in it. It reads one page of metadata for each. Of another
// namespace with the name, and of one that is not being deleted, that is nothing.
func (m Manager) Going(ctx context.Context, ns facts.Namespace) (facts.Going, error) {
	ctx, cancel := context.WithTimeout(ctx, goingTime)
	defer cancel()
	live, err := m.Client.CoreV1().Namespaces().Get(ctx, ns.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), err == nil && (string(live.UID) != ns.UID || live.DeletionTimestamp == nil):
		return facts.Going{}, nil
	case err != nil:
		return facts.Going{}, fmt.Errorf("read namespace %s: %w", ns.Name, err)
	}
	left := remaining(live)
	if len(left) == 0 {
		return facts.Going{}, nil
	}
	groups, served, err := m.Served(ctx)
	var failed *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &failed) {
		return facts.Going{}, fmt.Errorf("ask the API server for its kinds of object: %w", err)
	}
	return m.goingOf(ctx, ns.Name, left, kindsOf(groups, served)), nil
}

// goingOf lists what is left of some resources.
func (m Manager) goingOf(ctx context.Context, namespace string, left []schema.GroupResource, kinds []kind) (g facts.Going) {
	if more := len(left) - goingKinds; more > 0 {
		g.Unread = append(g.Unread, fmt.Sprintf("%d more kinds were not looked at", more))
		left = left[:goingKinds]
	}
	found, unread := make([]facts.Going, len(left)), make([]string, len(left))
	var lists errgroup.Group
	for i, resource := range left {
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.resource.GroupResource() == resource })
		if at < 0 {
			unread[i] = resource.String() + " could not be looked at"
			continue
		}
		lists.Go(func() error {
			found[i], unread[i] = m.goingOfKind(ctx, namespace, kinds[at])
			return nil // what could not be read is told
		})
	}
	_ = lists.Wait()
	for i := range left {
		g.Blockers, g.More = append(g.Blockers, found[i].Blockers...), g.More+found[i].More
		if unread[i] != "" {
			g.Unread = append(g.Unread, unread[i])
		}
	}
	return g
}

func (m Manager) goingOfKind(ctx context.Context, namespace string, k kind) (g facts.Going, unread string) {
	name := k.resource.GroupResource().String()
	page, err := m.Metadata.Resource(k.resource).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: goingPage})
	switch {
	case apierrors.IsForbidden(err):
		return g, name + " may not be listed"
	case apierrors.IsNotFound(err):
		return g, ""
	case err != nil:
		return g, name + " could not be listed"
	}
	for i := range page.Items {
		if meta := &page.Items[i].ObjectMeta; meta.DeletionTimestamp != nil {
			g.Blockers = append(g.Blockers, k.blocker(namespace, meta))
		}
	}
	if rest := page.RemainingItemCount; rest != nil {
		g.More = int(*rest)
	}
	return g, ""
}

// blocker returns what an object that is being deleted says.
func (k kind) blocker(namespace string, meta *metav1.ObjectMeta) facts.Blocker {
	return facts.Blocker{Resident: k.describe(namespace, meta), Deletion: health.DeletionOf(meta), UID: string(meta.UID),
		Version: meta.ResourceVersion, Resource: k.resource.Resource}
}

// BlockerOf returns what an object that is being deleted says, by its resource and its kind.
func BlockerOf(resource schema.GroupVersionResource, name, namespace string, meta *metav1.ObjectMeta) facts.Blocker {
	return kind{resource: resource, name: name, custom: isCustom(resource.Group)}.blocker(namespace, meta)
}

// remainingResource matches a resource in the message of a namespace's condition:
// "widgets.example.com has 1 resource instances", and "configmaps. has" of the core group.
var remainingResource = regexp.MustCompile(`([a-z0-9-]+)\.([a-z0-9.-]*) has [0-9]+ resource instances`)

// remaining returns the resources that the namespace controller says are left.
func remaining(ns *corev1.Namespace) (left []schema.GroupResource) {
	for _, c := range ns.Status.Conditions {
		if c.Type != corev1.NamespaceContentRemaining || c.Status != corev1.ConditionTrue {
			continue
		}
		for _, found := range remainingResource.FindAllStringSubmatch(c.Message, -1) {
			left = append(left, schema.GroupResource{Group: found[2], Resource: found[1]})
		}
	}
	return left
}
