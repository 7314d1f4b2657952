package namespaces

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/pager"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

const (
	// parallelLists bounds how many kinds are listed at a time.
	parallelLists = 16
	// listPage bounds how many objects of a kind are held in memory.
	listPage = 100
)

// kind is a kind of object that is looked at before its namespace is deleted.
type kind struct {
	resource schema.GroupVersionResource
	name     string
	// made is a field that whoever makes such an object sets, and nobody changes. nil: it
	// does not matter who made one, only whether it says that it is to be kept.
	made []string
	only string // field selector
}

// kinds are what people put into a namespace and would miss. Secrets of other types than
// Opaque are made by controllers, such as certificates.
var kinds = []kind{
	{resource("apps", "deployments"), "Deployment", []string{"spec", "selector"}, ""},
	{resource("apps", "statefulsets"), "StatefulSet", []string{"spec", "selector"}, ""},
	{resource("apps", "daemonsets"), "DaemonSet", []string{"spec", "selector"}, ""},
	{resource("batch", "jobs"), "Job", []string{"spec", "template"}, ""},
	{resource("batch", "cronjobs"), "CronJob", []string{"spec", "jobTemplate"}, ""},
	{resource("", "persistentvolumeclaims"), "PersistentVolumeClaim", []string{"spec", "accessModes"}, ""},
	{resource("", "secrets"), "Secret", []string{"type"}, "type=Opaque"},
	{resource("rbac.authorization.k8s.io", "rolebindings"), "RoleBinding", []string{"roleRef"}, ""},
	{resource("", "secrets"), "Secret", nil, "type!=Opaque,type!=helm.sh/release.v1"},
	{resource("", "configmaps"), "ConfigMap", nil, ""},
	{resource("", "services"), "Service", nil, ""},
	{resource("networking.k8s.io", "ingresses"), "Ingress", nil, ""},
}

// resource is one that is served as v1.
func resource(group, name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: name}
}

// Residents returns the objects of a namespace that say that they are to be kept or whose
// they are, or that a person made, and the resources that may not be listed. It reads metadata alone.
func (m Manager) Residents(ctx context.Context, namespace string) (residents []facts.Resident, unlisted []string, err error) {
	found, denied := make([][]facts.Resident, len(kinds)), make([]string, len(kinds))
	lists, ctx := errgroup.WithContext(ctx)
	lists.SetLimit(parallelLists)
	for i, k := range kinds {
		lists.Go(func() error {
			err := m.list(ctx, namespace, k, func(meta *metav1.ObjectMeta) {
				if r := k.describe(namespace, meta); r.Policy || r.KeepWhy != "" || r.Maker != "" || r.Owner != "" {
					found[i] = append(found[i], r)
				}
			})
			switch {
			case apierrors.IsNotFound(err): // the API server has no such resource
				return nil
			case apierrors.IsForbidden(err):
				denied[i] = k.resource.GroupResource().String()
				return nil
			case err != nil:
				return fmt.Errorf("list %s in namespace %s: %w", k.resource.GroupResource(), namespace, err)
			}
			return nil
		})
	}
	if err := lists.Wait(); err != nil {
		return nil, nil, err
	}
	slices.Sort(denied)
	unlisted = slices.DeleteFunc(slices.Compact(denied), func(name string) bool { return name == "" })
	return slices.Concat(found...), unlisted, nil
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

// describe returns what an object's metadata says.
func (k kind) describe(namespace string, meta *metav1.ObjectMeta) facts.Resident {
	r := facts.Resident{
		Ref:     facts.Ref{APIVersion: k.resource.GroupVersion().String(), Kind: k.name, Namespace: namespace, Name: meta.Name},
		Hook:    ownership.IsHook(meta.Annotations),
		HookOf:  meta.Annotations[ownership.AnnotationHookOf],
		Policy:  ownership.KeptByPolicy(meta.Annotations),
		WithApp: ownership.GoesWithApp(meta.Labels, meta.Annotations),
		Owner:   ownership.OwnerOf(meta.Labels, meta.Annotations).String(),
	}
	r.KeepWhy, _ = ownership.KeepMark(meta.Labels, meta.Annotations)
	if from, taken := ownership.TakenOver(meta.Annotations); taken && r.KeepWhy == "" {
		r.KeepWhy = fmt.Sprintf("it was taken over from %q", from)
	}
	if k.made != nil && !isOwned(meta) {
		r.Maker = makerOf(meta.ManagedFields, k.made)
	}
	return r
}

// isOwned reports whether an object goes with one that is looked at itself, such as the
// Job of a CronJob.
func isOwned(meta *metav1.ObjectMeta) bool {
	return slices.ContainsFunc(meta.OwnerReferences, func(owner metav1.OwnerReference) bool {
		return slices.ContainsFunc(kinds, func(k kind) bool { return k.made != nil && k.name == owner.Kind })
	})
}
