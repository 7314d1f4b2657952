package needs

import (
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// Teardown returns what it takes to remove a stored revision.
func Teardown(stored Revision, s Scope) problem.Needs {
	l := &list{Scope: s, revision: stored}
	for _, o := range stored.Objects {
		at := l.place(o)
		l.need(at, "get", required, "see whose the objects are before they are deleted, and that they are gone")
		if !ownership.KeptByPolicy(o.GetAnnotations()) {
			l.need(at, "delete", required, whyDelete)
		}
		if hasClaims(at) {
			l.beside(at, "list", "", "persistentvolumeclaims", better, "tell which claims of its StatefulSets a release leaves")
			l.beside(at, "list", "apps", "statefulsets", better, "tell which claims of its StatefulSets a release leaves")
		}
	}
	for _, h := range stored.Hooks {
		l.run(h, runs(h, "pre-delete", "post-delete"), false)
		if s.HookLeft {
			l.removeLeft(h)
		}
	}
	return l.Needs
}
