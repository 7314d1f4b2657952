package needs

import (
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// The reasons that are given for what a chart's objects take.
const (
	whyGet    = "see whose the chart's objects are before they are written, and that they run as recorded"
	whyCreate = "make the chart's objects"
	whyPatch  = "bring the chart's objects to what it says"
	whyDelete = "remove the chart's objects with their release"
	whyDrop   = "remove what the chart does not have any more"
	whyLookup = "answer the function lookup of the chart's templates"
)

// Deploy returns what it takes to bring a chart onto the cluster, over a revision whose objects are
// there; none for an install.
//
// An object that is not among those is made, one that the chart says something else of is changed, and
// one that is as before is only looked at: all that was measured, by taking away one permission after
// the other (test/e2e/rights_test.go).
func Deploy(c Chart, before Revision, s Scope) problem.Needs {
	l := &list{Scope: s, revision: c.Revision}
	for _, p := range c.Lookups {
		one := problem.Need{Permission: p, Now: problem.Required, Later: problem.Required}
		if p.Name != "" {
			one.Name, one.Names = "", []string{p.Name}
		}
		one.Why = whyLookup
		l.Add(one)
	}
	for _, d := range c.Definitions {
		l.define(d)
	}
	was := map[place]*unstructured.Unstructured{}
	for _, o := range before.Objects {
		was[placeOf(l.place(o))] = o
	}
	for _, o := range c.Objects {
		at := l.place(o)
		l.bring(at, was[placeOf(at)])
		delete(was, placeOf(at))
	}
	for _, o := range before.Objects {
		if at := l.place(o); was[placeOf(at)] != nil && !ownership.KeptByPolicy(o.GetAnnotations()) {
			l.need(at, "get", better, whyDrop)
			l.need(at, "delete", better, whyDrop)
		}
	}
	l.hooksOf(c.Revision, before)
	return l.Needs
}

// Rollback returns what it takes to bring one stored revision back over another. Nobody knows how
// much of that there is.
func Rollback(from, to Revision, s Scope) problem.Needs {
	l := &list{Scope: s, revision: to}
	for _, o := range to.Objects {
		at := l.place(o)
		l.bring(at, nil)
		l.need(at, "patch", required, whyPatch)
	}
	back := map[place]bool{}
	for _, o := range to.Objects {
		back[placeOf(l.place(o))] = true
	}
	for _, o := range from.Objects {
		if at := l.place(o); !back[placeOf(at)] {
			l.need(at, "get", better, whyDrop)
			l.need(at, "delete", better, whyDrop)
		}
	}
	for _, h := range to.Hooks {
		l.run(h, runs(h, "pre-rollback", "post-rollback"), false)
	}
	return l.Needs
}

// place tells objects apart.
type place struct{ group, resource, namespace, name string }

func placeOf(o object) place { return place{o.Group, o.Name, o.in, o.GetName()} }

// define adds what a definition of the crds folder takes. Helm's upgrade makes none, and
// Berth's makes what is missing.
func (l *list) define(d *unstructured.Unstructured) {
	o := l.place(d)
	how := required.when(l.Served == nil || !l.Served(d))
	l.need(o, "get", how, "see whether the chart's definitions are there")
	l.need(o, "create", how, "make the chart's definitions")
}

// bring adds what an object of the chart takes; was is what the revision before says of it, or nil.
func (l *list) bring(o object, was *unstructured.Unstructured) {
	changes := was != nil && !same(was, o.Unstructured)
	l.need(o, "get", required, whyGet)
	l.need(o, "create", required.when(was == nil), whyCreate)
	l.need(o, "patch", required.when(changes), whyPatch)
	l.follow(o, better)
	l.handOn(o, required.when(was == nil || changes))
}

// same returns whether two manifests say the same of an object.
func same(was, now *unstructured.Unstructured) bool {
	a, b := was.DeepCopy(), now.DeepCopy()
	for _, o := range []*unstructured.Unstructured{a, b} {
		unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
	}
	return reflect.DeepEqual(a.Object, b.Object)
}
