package needs

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
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
		was := slices.ContainsFunc(before.Hooks, func(was facts.Hook) bool { return was.MakesSame(h, l.Namespace) })
		l.run(h, runs(h, events...), was)
	}
}

// runs returns whether a hook runs at one of these events.
func runs(h facts.Hook, events ...string) bool {
	return slices.ContainsFunc(h.Events, func(e string) bool { return slices.Contains(events, e) })
}

// run adds what a hook takes that runs now, or later; was says that the revision before has it, too, so
// that its object may be there.
func (l *list) run(h facts.Hook, now, was bool) {
	objects, err := manifest.Parse(h.Manifest)
	if err != nil {
		return // it fails by that
	}
	for _, o := range objects {
		at := l.place(o)
		ends := isJob(at) || isPod(at)
		l.need(at, "create", required.when(now), "make what the chart's hooks are")
		l.handOn(at, required.when(now))
		l.see(at, ends, now, was && h.Recreated || hasPods(at) && !ends)
		if h.Recreated || h.Temporary || h.TemporaryFailed {
			l.need(at, "delete", required.when(now && (h.Temporary || was && h.Recreated)), "remove what a hook has made, as its delete policy says")
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

// see adds what it takes to read what a hook has made. The end of a Job or pod can be seen by a list,
// too; what may not be read is not deleted, so that it is in the way of the next one of its name.
func (l *list) see(o object, ends, now, must bool) {
	const why = "see how the chart's hooks end, and whose they are before they are deleted"
	how := better
	if must {
		how = required
	}
	l.need(o, "get", how.when(now), why)
	if ends && !must {
		by := problem.Permission{Verb: "list", Group: o.Group, Resource: o.Name, Namespace: o.in}
		one := problem.Need{Names: []string{o.GetName()}, Now: required.when(now).now, Later: problem.Required, Unless: &by}
		one.Permission = problem.Permission{Verb: "get", Group: o.Group, Resource: o.Name, Namespace: o.in, Why: why}
		l.Add(one)
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
