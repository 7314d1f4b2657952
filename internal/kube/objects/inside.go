package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/ownership"
)

// Inside finds what others have in an object of a release that takes along what is in it
// when it is deleted: a Namespace everything, a CustomResourceDefinition all objects of its
// kind, wherever in the cluster they are, a PersistentVolume what is stored in it, a
// StatefulSet claims that are to be kept, and every object what names it as its owner.
type Inside struct {
	Dynamic  dynamic.Interface
	Metadata metadata.Interface
	Served   namespaces.Served
	Release  ownership.Release
	Identity string // of the branch that the release is for
	// NamespaceGoes says that the release's namespace goes, too, with all that is in it: nobody
	// but this branch has anything there.
	NamespaceGoes bool
	// Spared are objects that are not to go, nor what Kubernetes would delete them with.
	Spared []facts.Resident
	// DeleteForeign says that what others have in it may go, too.
	DeleteForeign bool
	// DeleteClaims says that claims may go that StatefulSets and hooks have left.
	DeleteClaims bool
}

// insidePage bounds how many objects of a list are held in memory.
const insidePage = 250

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// Strangers returns why an object is not to be deleted for what is in it, as the end of a
// sentence, or "": it is of another kind, or nothing of others is in it. What may not be
// listed may be there.
func (i Inside) Strangers(ctx context.Context, ref facts.Ref) (why string, err error) {
	if why := i.owns(ref); why != "" {
		return why, nil
	}
	switch group, _, _ := strings.Cut(ref.APIVersion, "/"); {
	case ref.Kind == "Namespace" && group == "v1":
		why, err = i.inNamespace(ctx, ref.Name)
	case ref.Kind == "CustomResourceDefinition" && group == definitions.Group:
		why, err = i.ofDefinition(ctx, ref.Name)
	case ref.Kind == "PersistentVolume" && group == "v1":
		why, err = i.ofVolume(ctx, ref.Name)
	case ref.Kind == "StatefulSet" && group == "apps":
		return i.claimsOf(ctx, ref)
	}
	if apierrors.IsForbidden(err) {
		return fmt.Sprintf("whether others have something in it cannot be told: %v", err), nil
	}
	return why, err
}

// owns returns which object that is to be spared would go with this one, as the end of a
// sentence, or "".
func (i Inside) owns(ref facts.Ref) string {
	for _, r := range i.Spared {
		if slices.ContainsFunc(r.Under, func(above facts.Ref) bool { return isSame(above, ref) }) {
			return fmt.Sprintf("%s names it as its owner and would go with it, and is not to go", r.In(i.Release.Namespace))
		}
	}
	return ""
}

// isSame returns whether an owner's reference is to this object, in whatever version. An owner
// is in the namespace of what it owns, or in none.
func isSame(owner, ref facts.Ref) bool {
	return owner.Kind == ref.Kind && owner.Name == ref.Name && (ref.Namespace == "" || ref.Namespace == owner.Namespace) &&
		groupOf(owner) == groupOf(ref)
}

func groupOf(ref facts.Ref) string {
	group, _, grouped := strings.Cut(ref.APIVersion, "/")
	if !grouped {
		return ""
	}
	return group
}

// inNamespace looks at a namespace as a teardown does at the release's own.
func (i Inside) inNamespace(ctx context.Context, name string) (string, error) {
	switch {
	case facts.Namespace{Name: name}.System():
		return "it is Kubernetes' own", nil
	case name == i.Release.Namespace:
		return "the records of the release are in it", nil
	case i.DeleteForeign:
		return "", nil
	}
	for _, records := range []struct{ resource, fields, labels string }{
		{resource: "secrets", fields: "type=helm.sh/release.v1"}, {resource: "configmaps", labels: "owner=helm"},
	} {
		found, err := i.Metadata.Resource(schema.GroupVersionResource{Version: "v1", Resource: records.resource}).Namespace(name).
			List(ctx, metav1.ListOptions{FieldSelector: records.fields, LabelSelector: records.labels, Limit: 1})
		if err != nil {
			return "", fmt.Errorf("list %s in namespace %s: %w", records.resource, name, err)
		}
		if len(found.Items) > 0 {
			return fmt.Sprintf("a release is in it, by its record %s", found.Items[0].Name), nil
		}
	}
	residents, unlisted, err := namespaces.Manager{Metadata: i.Metadata, Served: i.Served}.Residents(ctx, name)
	if err != nil {
		return "", fmt.Errorf("look at what is in namespace %s: %w", name, err)
	}
	for _, r := range residents {
		if why := i.whoseResident(r); why != "" {
			return fmt.Sprintf("%s is in it, and %s", r.In(name), why), nil
		}
	}
	if len(unlisted) > 0 {
		return fmt.Sprintf("whether others have something in it cannot be told: %s cannot be listed there", strings.Join(unlisted, ", ")), nil
	}
	return "", nil
}

// whoseResident returns why an object keeps the namespace that it is in, or "".
func (i Inside) whoseResident(r facts.Resident) string {
	switch {
	case r.Policy:
		return "its policy is to be kept (helm.sh/resource-policy)"
	case r.KeepWhy != "":
		return r.KeepWhy
	case r.WithApp:
		return ""
	case i.isCopy(r):
		return "was made with " + r.Maker + ", from what bears the marks of this release"
	case r.Owner == i.Release.String():
		return ""
	case r.Owner == "" && r.Hook && r.HookOf == i.Release.String():
		return i.outlives(r)
	case r.Owner != "":
		return "belongs to release " + r.Owner
	case r.Maker != "":
		return "was made with " + r.Maker
	case r.HookOf != "" && r.HookOf != i.Release.String():
		return "was made by a hook of release " + r.HookOf
	case r.Identity != "" && r.Identity != i.Identity:
		return "is marked as another branch's (" + ownership.LabelIdentity + ")"
	}
	return i.outlives(r)
}

// isCopy returns whether a person made an object that says that it is of the release: with
// what the release has, its marks are copied, too. What of that a person made anew under its
// own name goes before what it is in, and is on its way by then.
func (i Inside) isCopy(r facts.Resident) bool {
	says := r.Owner == i.Release.String() || r.Owner == "" && r.Hook && r.HookOf == i.Release.String()
	return says && r.Maker != "" && r.Maker != namespaces.Helm && !r.Deleting
}

// outlives returns why a claim keeps the namespace that it is in, or "": a StatefulSet or a
// hook has left it, of this release or another, and nothing says that it goes with that. One
// that names an owner goes with its owner.
func (i Inside) outlives(r facts.Resident) string {
	if r.Kind == "PersistentVolumeClaim" && !i.DeleteClaims && len(r.Under) == 0 {
		return "holds data that outlives what made it; " + letsClaimsGo
	}
	return ""
}

const letsClaimsGo = "a teardown with delete-claims lets it go"

// ofDefinition looks for objects of a kind that the release has not made.
func (i Inside) ofDefinition(ctx context.Context, name string) (string, error) {
	if i.DeleteForeign {
		return "", nil
	}
	definition, err := i.Dynamic.Resource(definitions).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read CustomResourceDefinition %s: %w", name, err)
	}
	resource, ok := resourceOf(definition)
	if !ok {
		return "no version of it is served, so that its objects cannot be looked at", nil
	}
	options := metav1.ListOptions{Limit: insidePage}
	for {
		page, err := i.Metadata.Resource(resource).List(ctx, options)
		if apierrors.IsNotFound(err) { // the definition is there: its objects may be, too
			return fmt.Sprintf("whether others have something of its kind cannot be told: %v", err), nil
		}
		if err != nil {
			return "", fmt.Errorf("list %s: %w", resource.GroupResource(), err)
		}
		for at := range page.Items {
			if why := i.whoseOfKind(&page.Items[at].ObjectMeta); why != "" {
				return why, nil
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return "", nil
		}
	}
}

// whoseOfKind returns why an object keeps its kind's definition, or "".
func (i Inside) whoseOfKind(o *metav1.ObjectMeta) string {
	at := strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
	switch {
	case isToBeKept(o):
		return fmt.Sprintf("%s is of its kind, and to be kept", at)
	case i.NamespaceGoes && o.Namespace == i.Release.Namespace:
		return ""
	case ownership.OwnerOf(o.Labels, o.Annotations) == i.Release, o.Annotations[ownership.AnnotationHookOf] == i.Release.String():
		if by := namespaces.CopierOf(o.ManagedFields); by != "" && o.DeletionTimestamp == nil { // see isCopy
			return fmt.Sprintf("%s is of its kind, and was made with %s, from what bears the marks of this release", at, by)
		}
		return ""
	}
	return fmt.Sprintf("%s is of its kind, and this release has not made it", at)
}

// resourceOf returns the resource that a definition defines, in a version that is served.
func resourceOf(definition *unstructured.Unstructured) (schema.GroupVersionResource, bool) {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)
		if served, _ := version["served"].(bool); served {
			name, _ := version["name"].(string)
			return schema.GroupVersionResource{Group: group, Version: name, Resource: plural}, true
		}
	}
	return schema.GroupVersionResource{}, false
}
