// Package needs works out what an operation on a release has to be allowed to do with the objects
// of its chart: from the rendered chart, from the manifest that is stored of the revision before,
// and from the inputs. It asks nobody.
//
// What Berth needs for itself, such as its records and its lock, internal/kube/access lists.
package needs

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// Revision is what a chart makes, rendered or as a record has it.
type Revision struct {
	Objects manifest.Objects
	Hooks   []facts.Hook
}

// Chart is a chart as it was rendered.
type Chart struct {
	Revision
	Definitions manifest.Objects     // of its crds folders
	Lookups     []problem.Permission // what its templates have looked up
}

// Scope is where the needs are worked out, and for which inputs.
type Scope struct {
	Namespace string // of the release
	Resources Resources
	Tests     bool // the chart's tests are run after a deploy
	HookLeft  bool // a teardown deletes what hooks have left
	// Served returns whether the API server has all that a definition defines; nil: it has nothing.
	Served func(definition *unstructured.Unstructured) bool
	// Rules returns what a Role or ClusterRole grants that is not the chart's, and false where that
	// cannot be told; nil: nothing can.
	Rules func(kind, namespace, name string) ([]rbacv1.PolicyRule, bool)
}

// Parse returns the revision that a manifest and hooks describe. What cannot be parsed has no objects:
// nothing is made of it either.
func Parse(text string, hooks []facts.Hook) Revision {
	objects, _ := manifest.Parse(text)
	return Revision{Objects: objects, Hooks: hooks}
}

// Life returns what a chart takes from its first deploy until its release is gone.
func Life(c Chart, s Scope) problem.Needs {
	return Deploy(c, Revision{}, s).With(Teardown(c.Revision, s))
}

// list collects needs.
type list struct {
	Scope
	problem.Needs
	revision Revision // whose objects these are: a binding may name a Role among them
}

// levels are how much something is needed now, and later.
type levels struct{ now, later problem.Level }

var (
	required = levels{problem.Required, problem.Required}
	better   = levels{problem.Better, problem.Better}
)

// when returns these levels, or as much later alone.
func (l levels) when(now bool) levels {
	if !now {
		l.now = problem.NotNeeded
	}
	return l
}

// object is an object of a revision, and where it lives.
type object struct {
	*unstructured.Unstructured
	Resource
	in string // its namespace; "": it is of none
}

// place returns where an object lives.
func (l *list) place(o *unstructured.Unstructured) object {
	at := object{o, l.Resources.of(o.GroupVersionKind()), ""}
	if at.Guessed {
		l.Note(at.guess(o.GetKind(), o.GetAPIVersion()))
	}
	if at.Namespaced {
		if at.in = o.GetNamespace(); at.in == "" {
			at.in = l.Namespace
		}
	}
	return at
}

// need adds a permission on an object.
func (l *list) need(o object, verb string, how levels, why string) {
	if o.Name == "" {
		return // no API server has such a kind, and says so
	}
	one := problem.Need{Now: how.now, Later: how.later, Guessed: o.Guessed, Permission: problem.Permission{
		Verb: verb, Group: o.Group, Resource: o.Name, Namespace: o.in, Why: why,
	}}
	if name := o.GetName(); name != "" && verb != "create" && verb != "list" && verb != "watch" {
		one.Names = []string{name}
	}
	l.Add(one)
}

// beside adds a permission on what is not the release's own, in an object's namespace.
func (l *list) beside(o object, verb, group, resource string, how levels, why string) {
	if o.in == "" {
		return
	}
	l.Add(problem.Need{Now: how.now, Later: how.later, Permission: problem.Permission{
		Verb: verb, Group: group, Resource: resource, Namespace: o.in, Why: why,
	}})
}
