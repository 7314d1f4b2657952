package namespaces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/pager"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

const (
	// parallelLists bounds how many kinds are listed at a time.
	parallelLists = 16
	// listPage bounds how many objects of a kind are held in memory.
	listPage = 100
	// silentAfter is how long a list of a kind that is none of Kubernetes' own may take: what
	// serves it may hang.
	silentAfter = 20 * time.Second
)

// Served asks the API server, at most once a run, which kinds it has. Its error is a
// *discovery.ErrGroupDiscoveryFailed where it is not known of some groups alone.
type Served func(ctx context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error)

// resident is an object that may speak against deleting its namespace.
type resident struct {
	facts.Resident
	uid    types.UID
	owners []metav1.OwnerReference
}

// owners are those of objects, by UID. Kubernetes deletes an object with its owners.
type owners map[types.UID][]metav1.OwnerReference

// Residents returns the objects of a namespace that say that they are to be kept or whose
// they are, or that a person made, and the resources that cannot be listed. It looks at every
// kind that the API server has, with one list each, and reads metadata alone.
func (m Manager) Residents(ctx context.Context, namespace string) (residents []facts.Resident, unlisted []string, err error) {
	groups, served, err := m.Served(ctx)
	var failed *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &failed) {
		return nil, nil, fmt.Errorf("ask the API server for its kinds of object: %w", err)
	}
	if failed != nil {
		for version := range failed.Groups {
			unlisted = append(unlisted, silent("all of "+version.String()))
		}
	}
	kinds := kindsOf(groups, served)
	found, owned, not := make([][]resident, len(kinds)), make([]owners, len(kinds)), make([]string, len(kinds))
	lists, ctx := errgroup.WithContext(ctx)
	lists.SetLimit(parallelLists)
	for i, k := range kinds {
		lists.Go(func() (err error) {
			owned[i] = owners{}
			found[i], not[i], err = m.residentsOf(ctx, namespace, k, owned[i])
			return err
		})
	}
	if err := lists.Wait(); err != nil {
		return nil, nil, err
	}
	unlisted = append(unlisted, slices.DeleteFunc(not, func(name string) bool { return name == "" })...)
	slices.Sort(unlisted)
	all := owners{}
	for _, some := range owned {
		maps.Copy(all, some)
	}
	for _, r := range speakForThemselves(slices.Concat(found...)) {
		r.Under = all.above(namespace, r.uid)
		residents = append(residents, r.Resident)
	}
	return residents, slices.Compact(unlisted), nil
}

// residentsOf returns those of one kind, and what to call the kind where it cannot be listed.
// It adds the owners of all objects of the kind to owned.
func (m Manager) residentsOf(ctx context.Context, namespace string, k kind, owned owners) (found []resident, unlisted string, err error) {
	listing := ctx
	if k.custom {
		var cancel context.CancelFunc
		listing, cancel = context.WithTimeout(ctx, silentAfter)
		defer cancel()
	}
	look := func(meta *metav1.ObjectMeta) {
		if len(meta.OwnerReferences) > 0 {
			owned[meta.UID] = meta.OwnerReferences
		}
		if r := k.describe(namespace, meta); !k.goesByItself(meta) && (k.holdsData || speaks(r)) {
			found = append(found, resident{r, meta.UID, meta.OwnerReferences})
		}
	}
	err = m.list(listing, namespace, k, look)
	for i := 0; k.custom && err != nil && ctx.Err() == nil && isSilence(err) && i < len(k.others); i++ {
		found = nil
		err = m.listAs(ctx, namespace, k, k.others[i], look)
	}
	name := k.resource.GroupResource().String()
	switch {
	case err == nil:
		return found, "", nil
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err): // the API server has no such resource (any more)
		return nil, "", nil
	case apierrors.IsForbidden(err):
		return nil, name, nil
	case k.custom && ctx.Err() == nil && isSilence(err):
		return nil, silent(name), nil
	}
	return nil, "", fmt.Errorf("list %s in namespace %s: %w", k.resource.GroupResource(), namespace, err)
}

// silent is how a kind is called that is served by what does not answer.
func silent(name string) string { return name + " (its API does not answer)" }

// isSilence returns whether an error says that what serves a kind is not well, and neither
// that the request was wrong nor that the server has too much to do. Kubernetes cannot delete
// its objects then either.
func isSilence(err error) bool {
	return apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded)
}

// speaks returns whether an object may speak against deleting its namespace.
func speaks(r facts.Resident) bool {
	return r.Policy || r.KeepWhy != "" || r.Maker != "" || r.Owner != "" || r.HookOf != "" || r.Identity != ""
}

// speakForThemselves leaves out what is there a second time, under another group's name, and
// what has its marks from the object that controls it: that one speaks for it.
func speakForThemselves(all []resident) []resident {
	marked, seen := map[types.UID]resident{}, map[types.UID]bool{}
	for _, r := range all {
		marked[r.uid] = r
	}
	return slices.DeleteFunc(all, func(r resident) bool {
		double := r.uid != "" && seen[r.uid]
		seen[r.uid] = true
		return double || r.Maker == "" && slices.ContainsFunc(r.owners, func(o metav1.OwnerReference) bool {
			owner, ok := marked[o.UID]
			return ok && owner.Policy == r.Policy && owner.KeepWhy == r.KeepWhy && (r.Owner == "" || owner.Owner == r.Owner)
		})
	})
}

// list calls do with the metadata of every object of a kind, page by page.
func (m Manager) list(ctx context.Context, namespace string, k kind, do func(*metav1.ObjectMeta)) error {
	client := m.Metadata.Resource(k.resource).Namespace(namespace)
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return client.List(ctx, options)
	})
	pages.PageSize, pages.PageBufferSize = listPage, 1
	return pages.EachListItem(ctx, metav1.ListOptions{FieldSelector: k.only}, func(o runtime.Object) error {
		do(&o.(*metav1.PartialObjectMetadata).ObjectMeta)
		return nil
	})
}

// listAs lists a kind in another version than the preferred one: what is stored in it is read
// without the webhook that converts it, which may be down. Once that is up again, Kubernetes
// deletes the object with its namespace.
func (m Manager) listAs(ctx context.Context, namespace string, k kind, version string, do func(*metav1.ObjectMeta)) error {
	ctx, cancel := context.WithTimeout(ctx, silentAfter)
	defer cancel()
	k.resource.Version = version
	return m.list(ctx, namespace, k, do)
}

// describe returns what an object's metadata says.
func (k kind) describe(namespace string, meta *metav1.ObjectMeta) facts.Resident {
	r := facts.Resident{
		Ref:     facts.Ref{APIVersion: k.resource.GroupVersion().String(), Kind: k.name, Namespace: namespace, Name: meta.Name},
		Hook:    ownership.IsHook(meta.Annotations),
		HookOf:  ownership.HookOf(meta.Annotations),
		Policy:  ownership.KeptByPolicy(meta.Annotations),
		WithApp: ownership.GoesWithApp(meta.Labels, meta.Annotations),
		Owner:   ownership.OwnerOf(meta.Labels, meta.Annotations).String(),

		Identity: meta.Labels[ownership.LabelIdentity],
		Instance: meta.Labels[ownership.LabelInstance],
		Deleting: meta.DeletionTimestamp != nil,
		Created:  meta.CreationTimestamp.Time,
	}
	r.KeepWhy, _ = ownership.KeepMark(meta.Labels, meta.Annotations)
	r.KeepWhy = cmp.Or(r.KeepWhy, ownership.WhyTaken(meta.Annotations))
	switch {
	case k.isOwned(meta):
	case k.custom:
		r.Maker = makerOfCustom(meta.ManagedFields)
	case k.made != nil:
		if r.Maker = makerOf(meta.ManagedFields, k.made); r.Maker == rancher && k.name == "RoleBinding" {
			r.Maker = ""
		}
	case makerOfCustom(meta.ManagedFields) == Helm && !isRecord(meta):
		// Of other kinds it matters only what a release has made: one that has lost its marks, or
		// names another release by now, was left by the uninstall, and no record tells of it any more.
		r.Maker = Helm
	}
	return r
}

// isRecord reports whether an object is a record of a release, or was one: these are looked for
// by themselves.
func isRecord(meta *metav1.ObjectMeta) bool {
	return meta.Labels["owner"] == Helm || strings.HasPrefix(meta.Name, ownership.RecordPrefix)
}

// goesByItself reports whether an object has what is written on it from its controller's
// template.
func (k kind) goesByItself(meta *metav1.ObjectMeta) bool {
	return !k.custom && slices.Contains(fromTemplates, k.resource.Resource) && metav1.GetControllerOf(meta) != nil
}

// isOwned reports whether an object goes with one that is looked at itself, such as the
// Job of a CronJob, or what an operator makes for a custom resource.
func (k kind) isOwned(meta *metav1.ObjectMeta) bool {
	return slices.ContainsFunc(meta.OwnerReferences, func(owner metav1.OwnerReference) bool {
		group, err := schema.ParseGroupVersion(owner.APIVersion)
		if k.custom && err == nil && isCustom(group.Group) {
			return true
		}
		return slices.ContainsFunc(known, func(k kind) bool { return k.made != nil && k.name == owner.Kind })
	})
}

// above returns an object's owners, their owners, and so on.
func (o owners) above(namespace string, uid types.UID) (refs []facts.Ref) {
	seen, next := map[types.UID]bool{uid: true}, []types.UID{uid}
	for len(next) > 0 {
		for _, owner := range o[next[0]] {
			if !seen[owner.UID] {
				seen[owner.UID] = true
				next = append(next, owner.UID)
				refs = append(refs, facts.Ref{APIVersion: owner.APIVersion, Kind: owner.Kind, Namespace: namespace, Name: owner.Name})
			}
		}
		next = next[1:]
	}
	return refs
}
