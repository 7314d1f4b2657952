package namespaces

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// kind is a kind of object that is looked at before its namespace is deleted.
type kind struct {
	resource schema.GroupVersionResource
	name     string
	// made is a field that whoever makes such an object sets, and nobody changes. nil: it
	// does not matter who made one, only whether it says that it is to be kept.
	made []string
	only string // field selector
	// holdsData says that how old an object is matters, whoever made it: what was there before
	// the namespace was adopted.
	holdsData bool
	// custom says that the kind is none of Kubernetes' own: what a person makes of it may
	// stand for anything, a database for instance. Which of its fields tell who made it is
	// not known.
	custom bool
	others []string // the further versions that a custom kind is served in
}

// known are the kinds that people put into a namespace and would miss, and those that are
// likely to be marked. They are looked at even where discovery fails. Secrets of other types
// than Opaque are made by controllers, such as certificates.
var known = []kind{
	{resource: resource("apps", "deployments"), name: "Deployment", made: []string{"spec", "selector"}},
	{resource: resource("apps", "statefulsets"), name: "StatefulSet", made: []string{"spec", "selector"}},
	{resource: resource("apps", "daemonsets"), name: "DaemonSet", made: []string{"spec", "selector"}},
	{resource: resource("batch", "jobs"), name: "Job", made: []string{"spec", "template"}},
	{resource: resource("batch", "cronjobs"), name: "CronJob", made: []string{"spec", "jobTemplate"}},
	{resource: resource("", "persistentvolumeclaims"), name: "PersistentVolumeClaim", made: []string{"spec", "accessModes"},
		holdsData: true},
	{resource: resource("", "secrets"), name: "Secret", made: []string{"type"}, only: "type=Opaque"},
	{resource: resource("rbac.authorization.k8s.io", "rolebindings"), name: "RoleBinding", made: []string{"roleRef"}},
	{resource: resource("", "secrets"), name: "Secret", only: "type!=Opaque,type!=helm.sh/release.v1"},
	{resource: resource("", "configmaps"), name: "ConfigMap"},
	{resource: resource("", "services"), name: "Service"},
	{resource: resource("networking.k8s.io", "ingresses"), name: "Ingress"},
}

// resource is one that is served as v1.
func resource(group, name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: name}
}

// noise are resources of Kubernetes' own of which its controllers make objects all the time,
// for others that are looked at. Berth's lock is a Lease.
var noise = []string{"events", "leases", "endpoints", "endpointslices"}

// fromTemplates are resources of which controllers make objects by a template, with what is
// marked there. Of these only what nobody controls is looked at.
var fromTemplates = []string{"pods", "replicasets", "controllerrevisions"}

// oldGroup is the group that served what others of Kubernetes' own groups serve since.
const oldGroup = "extensions"

// kindsOf returns the known kinds and, of what an API server serves, every other kind of which
// objects live in a namespace and go with it. A kind that is served in several versions is
// looked at in the preferred one.
func kindsOf(groups []*metav1.APIGroup, lists []*metav1.APIResourceList) []kind {
	served := map[string]*metav1.APIResourceList{}
	for _, l := range lists {
		served[l.GroupVersion] = l
	}
	kinds, seen := slices.Clone(known), map[schema.GroupResource]int{} // where it is among the kinds
	for i, k := range known {
		seen[k.resource.GroupResource()] = i
	}
	for _, g := range groups {
		for _, version := range append([]metav1.GroupVersionForDiscovery{g.PreferredVersion}, g.Versions...) {
			list := served[version.GroupVersion]
			if list == nil {
				continue
			}
			for _, r := range list.APIResources {
				at := schema.GroupVersionResource{Group: g.Name, Version: version.Version, Resource: r.Name}
				i, before := seen[at.GroupResource()]
				switch {
				case !isToBeLookedAt(at, r):
				case !before:
					seen[at.GroupResource()] = len(kinds)
					kinds = append(kinds, kind{resource: at, name: r.Kind, custom: isCustom(g.Name)})
				case kinds[i].custom && kinds[i].resource.Version != at.Version && !slices.Contains(kinds[i].others, at.Version):
					kinds[i].others = append(kinds[i].others, at.Version)
				}
			}
		}
	}
	return kinds
}

// isToBeLookedAt returns whether objects of a resource are stored in namespaces, and may be
// somebody's. What can be listed and not deleted is computed, such as metrics; and what
// cannot be listed is no object, such as a review.
func isToBeLookedAt(at schema.GroupVersionResource, r metav1.APIResource) bool {
	stored := r.Namespaced && !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "delete")
	return stored && at.Group != oldGroup && (isCustom(at.Group) || !slices.Contains(noise, r.Name))
}

// isCustom returns whether a group is none of Kubernetes' own.
func isCustom(group string) bool { return !scheme.Scheme.IsGroupRegistered(group) }
