package needs

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
)

// logPolicy is the annotation by which Helm prints the logs of a hook's pods.
const logPolicy = "helm.sh/hook-output-log-policy"

// hooksOf adds what the hooks of a chart take: those that run at a deploy now, and the others later.
// A hook of which the revision before has left an object deletes that first.
func (l *list) hooksOf(r, before Revision) {
	events := []string{"pre-install", "post-install"}
	if len(before.Objects)+len(before.Hooks) > 0 {
		events = []string{"pre-upgrade", "post-upgrade"}
	}
	if l.Tests {
		events = append(events, "test", "test-success")
	}
	for _, h := range r.Hooks {
		if !l.Tests && !slices.ContainsFunc(h.Events, func(e string) bool { return !strings.HasPrefix(e, "test") }) {
			continue // nobody runs it
		}
		left := slices.ContainsFunc(before.Hooks, func(was facts.Hook) bool {
			return was.MakesSame(h, l.Namespace) && !was.Temporary
		})
		l.run(h, runs(h, events...), left)
	}
}

// runs returns whether a hook runs at one of these events.
func runs(h facts.Hook, events ...string) bool {
	return slices.ContainsFunc(h.Events, func(e string) bool { return slices.Contains(events, e) })
}

// run adds what a hook takes that runs now, or later; left says that its object is there from
// before.
func (l *list) run(h facts.Hook, now, left bool) {
	objects, err := manifest.Parse(h.Manifest)
	if err != nil {
		return // it fails by that
	}
	for _, o := range objects {
		at := l.place(o)
		ends := isJob(at) || isPod(at)
		l.need(at, "create", required.when(now), "make what the chart's hooks are")
		l.handOn(at, required.when(now))
		see := better
		if ends || hasPods(at) || left && h.Recreated {
			see = required
		}
		l.need(at, "get", see.when(now), "see how the chart's hooks end, and whose they are before they are deleted")
		if h.Recreated || h.Temporary || h.TemporaryFailed {
			l.need(at, "delete", required.when(now && (h.Temporary || left && h.Recreated)), "remove what a hook has made, as its delete policy says")
		}
		if ends {
			l.follow(at, better.when(now))
		}
		if policy := o.GetAnnotations()[logPolicy]; ends && policy != "" {
			logged := better.when(now)
			if strings.Contains(policy, "hook-succeeded") {
				logged = required.when(now)
			}
			l.beside(at, "list", "", "pods", logged, "print the log of a hook, as the chart says")
			l.beside(at, "get", "", "pods/log", logged, "print the log of a hook, as the chart says")
		}
	}
}

// removeLeft adds what it takes to delete what a hook has left, at a teardown that does.
func (l *list) removeLeft(h facts.Hook) {
	objects, err := manifest.Parse(h.Manifest)
	if err != nil {
		return
	}
	for _, o := range objects {
		if at := l.place(o); at.GetKind() != "PersistentVolumeClaim" {
			l.need(at, "get", required, "find what hooks have left, as delete-hooks says")
			l.need(at, "delete", required, "remove what hooks have left, as delete-hooks says")
		}
	}
}
