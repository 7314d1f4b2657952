package needs

import (
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// Resource is what a kind is served as.
type Resource struct {
	Group, Name string
	Namespaced  bool
	Guessed     bool // nobody has told: it may be served otherwise
}

// Resources finds what kinds are served as.
type Resources struct {
	mapper  meta.RESTMapper // of a cluster; nil: there is none
	defined map[groupKind]Resource
}

// NewResources returns what finds the resources of a cluster, or those of Kubernetes itself without one,
// where mapper is nil.
func NewResources(mapper meta.RESTMapper) Resources { return Resources{mapper: mapper} }

// With returns resources that know those, too, which the definitions among these objects define.
func (r Resources) With(charts ...manifest.Objects) Resources {
	with := Resources{r.mapper, maps.Clone(r.defined)}
	if with.defined == nil {
		with.defined = map[groupKind]Resource{}
	}
	for _, objects := range charts {
		for _, o := range objects {
			if of, kind, ok := defines(o); ok {
				with.defined[kind] = of
			}
		}
	}
	return with
}

// Lookup returns the permission that a call of the function lookup takes; without a name it lists.
func (r Resources) Lookup(apiVersion, kind, namespace, name string) problem.Permission {
	of := r.of(schema.FromAPIVersionAndKind(apiVersion, kind))
	p := problem.Permission{Verb: "get", Group: of.Group, Resource: of.Name, Name: name}
	if name == "" {
		p.Verb = "list"
	}
	if of.Namespaced {
		p.Namespace = namespace
	}
	return p
}

// ServedBy returns a function that returns whether the API server serves all that a definition defines.
func ServedBy(mapper meta.RESTMapper) func(*unstructured.Unstructured) bool {
	return func(definition *unstructured.Unstructured) bool {
		kinds := manifest.DefinedKinds(definition)
		for _, k := range kinds {
			if _, err := mapper.RESTMapping(k.GroupKind(), k.Version); err != nil {
				return false
			}
		}
		return len(kinds) > 0
	}
}

// defines returns the resource and kind that a definition defines.
func defines(o *unstructured.Unstructured) (Resource, groupKind, bool) {
	if o.GetKind() != "CustomResourceDefinition" {
		return Resource{}, groupKind{}, false
	}
	group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
	name, _, _ := unstructured.NestedString(o.Object, "spec", "names", "plural")
	scope, _, _ := unstructured.NestedString(o.Object, "spec", "scope")
	return Resource{Group: group, Name: name, Namespaced: scope != "Cluster"}, groupKind{group, kind}, kind != "" && isDefinable(group, name)
}

// isDefinable returns whether the API server takes a definition of such a resource. A group of Kubernetes' own has no
// dot, or ends in k8s.io, and a name with a slash would be that of a subresource: a definition that says so would have
// a role grant what is none of the chart's.
func isDefinable(group, plural string) bool {
	return strings.Contains(group, ".") && len(validation.IsDNS1123Subdomain(group)) == 0 && len(validation.IsDNS1123Label(plural)) == 0
}

// of returns the resource of a kind.
func (r Resources) of(gvk schema.GroupVersionKind) Resource {
	if r.mapper != nil {
		if m, err := manifest.MappingFor(r.mapper, gvk); err == nil {
			return Resource{Group: m.Resource.Group, Name: m.Resource.Resource, Namespaced: m.Scope.Name() == meta.RESTScopeNameNamespace}
		}
	}
	kind := groupKind{gvk.Group, gvk.Kind}
	if known, ok := r.defined[kind]; ok {
		return known
	}
	if known, ok := builtIn[kind]; ok {
		return known
	}
	return Resource{Group: gvk.Group, Name: plural(gvk.Kind), Namespaced: true, Guessed: true}
}

// isBuiltIn returns whether Kubernetes itself serves a kind.
func isBuiltIn(gvk schema.GroupVersionKind) bool {
	_, ok := builtIn[groupKind{gvk.Group, gvk.Kind}]
	return ok
}
