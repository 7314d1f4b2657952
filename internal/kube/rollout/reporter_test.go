package rollout

import (
	"errors"
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// recorder keeps what an observer is told. End adds an empty element.
type recorder struct{ all []facts.Awaited }

func (r *recorder) Begin(all []facts.Awaited) { r.all = append(r.all, all...) }
func (r *recorder) Update(a facts.Awaited)    { r.all = append(r.all, a) }
func (r *recorder) End()                      { r.all = append(r.all, facts.Awaited{}) }

// Each change is reported once, and the reason of a pod only until its owner is
// satisfied, or cannot be read.
func TestReporter(t *testing.T) {
	var got recorder
	o := &target{object: facts.Object{Ref: facts.Ref{Name: "web"}, Reason: "Available: 0/1"}, read: true}
	r := newReporter(&got, []*target{o})
	r.update(o)
	o.podReason = "pod web-1: container app: not started yet"
	r.update(o)
	r.update(o)
	l := loop{reporter: r, byKey: map[key]*target{o.key(): o}, open: map[*target]*group{o: {}}, inspector: &inspector{}}
	l.handle(update{key: o.key(), err: errors.New("gone away")})
	o.read, o.satisfied = true, true
	r.update(o)
	r.end()
	ref := o.object.Ref
	want := []facts.Awaited{{Ref: ref, Reason: "Available: 0/1"}, {Ref: ref, Reason: o.podReason},
		{Ref: ref, Reason: "it cannot be read: gone away"}, {Ref: ref, Satisfied: true}, {}}
	if !slices.Equal(got.all, want) {
		t.Errorf("reported %+v, want %+v", got.all, want)
	}
	none := newReporter(nil, []*target{o})
	none.update(o)
	none.end()
}
