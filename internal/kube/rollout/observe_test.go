package rollout

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// heard keeps what an observer was told.
type heard struct{ all []facts.Awaited }

func (h *heard) Begin(all []facts.Awaited) { h.all = append(h.all, all...) }
func (h *heard) Update(a facts.Awaited)    { h.all = append(h.all, a) }
func (h *heard) End()                      { h.all = append(h.all, facts.Awaited{}) }

// Each change is told of once, and what a pod waits for only until its owner is
// met.
func TestTelling(t *testing.T) {
	var h heard
	s := &subject{object: facts.Object{Ref: facts.Ref{Name: "web"}, Reason: "Available: 0/1"}}
	telling := (&Waiter{Observer: &h}).begin([]*subject{s})
	telling.saw(s)
	s.held = "pod web-1: container app: not started yet"
	telling.saw(s)
	telling.saw(s)
	s.met = true
	telling.saw(s)
	telling.end()
	ref := s.object.Ref
	want := []facts.Awaited{{Ref: ref, Reason: "Available: 0/1"}, {Ref: ref, Reason: s.held}, {Ref: ref, Satisfied: true}, {}}
	if len(h.all) != len(want) {
		t.Fatalf("heard %+v", h.all)
	}
	for i := range want {
		if h.all[i] != want[i] {
			t.Errorf("%d: heard %+v, want %+v", i, h.all[i], want[i])
		}
	}
	nobody := (&Waiter{}).begin([]*subject{s})
	nobody.saw(s)
	nobody.end()
}
