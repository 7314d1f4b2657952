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
	Guessed     bool // nobody but the chart has told: it may be served otherwise
	defined     bool // of what is guessed: the chart's own definition says so
}

// guess says how the resource of a kind was guessed.
func (r Resource) guess(kind, apiVersion string) string {
	where, by := "in a namespace", "the rule for plurals"
	if !r.Namespaced {
		where = "outside of namespaces"
	}
	if r.defined {
		by = "the chart's own definition, in a group that is Kubernetes' own"
	}
	known := "No kind " + kind + " of " + apiVersion + " is known here: "
	if r.Name == "" {
		return known + "no kind can be called so, and nothing is asked for it."
	}
	return known + "it is taken for " + r.Name + " " + where + ", by " + by + "."
}

// Resources finds what kinds are served as.
type Resources struct {
	mapper  meta.RESTMapper // of a cluster; nil: there is none
	defined map[groupKind]Resource
}

// NewResources returns what finds the resources of a cluster, or those of Kubernetes itself without one,
// where mapper is nil.
func NewResources(mapper meta.RESTMapper) Resources { return Resources{mapper: mapper} }

// With returns resources that know those, too, which the definitions among these objects define. What the cluster
// or Kubernetes itself serves already is not what such a definition says of it.
func (r Resources) With(charts ...manifest.Objects) Resources {
	with := Resources{r.mapper, maps.Clone(r.defined)}
	if with.defined == nil {
		with.defined = map[groupKind]Resource{}
	}
	for _, objects := range charts {
		for _, o := range objects {
			of, kind, ok := defines(o)
			if !ok {
				continue
			}
			if _, served := r.served(kind.group, of.Name); served {
				continue // were it the kind that is served, nobody would ask the definition
			}
			with.defined[kind] = of
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
	if !manifest.IsDefinition(o.GroupVersionKind().GroupKind()) {
		return Resource{}, groupKind{}, false
	}
	group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
	name, _, _ := unstructured.NestedString(o.Object, "spec", "names", "plural")
	scope, _, _ := unstructured.NestedString(o.Object, "spec", "scope")
	doubtful := isProtected(group)
	return Resource{Group: group, Name: name, Namespaced: scope != "Cluster", Guessed: doubtful, defined: doubtful},
		groupKind{group, kind}, kind != "" && isDefinable(group, name)
}

// isDefinable returns whether the API server takes a definition of such a resource. A group that Kubernetes itself
// serves takes none, a group of Kubernetes' own may have no dot, and a name with a slash would be that of a
// subresource: a definition that says so would have a role grant what is none of the chart's.
func isDefinable(group, plural string) bool {
	return strings.Contains(group, ".") && !ofKubernetes[group] && len(validation.IsDNS1123Subdomain(group)) == 0 &&
		len(validation.IsDNS1123Label(plural)) == 0
}

// isProtected returns whether a group is the Kubernetes project's, which the API server takes definitions for by an
// annotation that anybody may write: https://github.com/kubernetes/enhancements/pull/1111. What another
// cluster serves there, or this one does when its definitions are there, is not for a chart to say.
func isProtected(group string) bool {
	for _, project := range []string{"k8s.io", "kubernetes.io"} {
		if group == project || strings.HasSuffix(group, "."+project) {
			return true
		}
	}
	return false
}

// of returns the resource of a kind. A kind that is none here may be a resource all the same, such as one in another
// case than that of the kind that it is guessed from.
func (r Resources) of(gvk schema.GroupVersionKind) Resource {
	if r.mapper != nil {
		if m, err := manifest.MappingFor(r.mapper, gvk); err == nil {
			return Resource{Group: m.Resource.Group, Name: m.Resource.Resource, Namespaced: isOfNamespace(m)}
		}
	}
	kind := groupKind{gvk.Group, gvk.Kind}
	if known, ok := builtIn[kind]; ok {
		return known
	}
	if known, ok := r.defined[kind]; ok {
		return known
	}
	guess := Resource{Group: gvk.Group, Namespaced: true, Guessed: true}
	if len(validation.IsDNS1035Label(strings.ToLower(gvk.Kind))) > 0 {
		return guess // with a slash, its plural may be a subresource of another kind
	}
	guess.Name = plural(gvk.Kind)
	if known, ok := r.served(gvk.Group, guess.Name); ok {
		guess.Namespaced = known.Namespaced
	}
	return guess
}

// served returns the resource of this name that the cluster or Kubernetes itself serves, whatever its kind is called.
func (r Resources) served(group, name string) (Resource, bool) {
	if known, ok := builtInNames[groupName{group, name}]; ok {
		return known, true
	}
	if r.mapper == nil {
		return Resource{}, false
	}
	found, err := r.mapper.ResourcesFor(schema.GroupVersionResource{Group: group, Resource: name})
	if err != nil {
		return Resource{}, false
	}
	for _, f := range found {
		if f.Group != group || f.Resource != name {
			continue // of a group that begins so, or by its singular
		}
		kind, err := r.mapper.KindFor(f)
		if err != nil {
			continue
		}
		if m, err := r.mapper.RESTMapping(kind.GroupKind(), kind.Version); err == nil {
			return Resource{Group: group, Name: name, Namespaced: isOfNamespace(m)}, true
		}
	}
	return Resource{}, false
}

func isOfNamespace(m *meta.RESTMapping) bool { return m.Scope.Name() == meta.RESTScopeNameNamespace }

// isBuiltIn returns whether Kubernetes itself serves a kind.
func isBuiltIn(gvk schema.GroupVersionKind) bool {
	_, ok := builtIn[groupKind{gvk.Group, gvk.Kind}]
	return ok
}
