package rollout

import (
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
)

// Observer is told how one wait goes, by the one goroutine that decides it,
// which waits meanwhile.
type Observer interface {
	// Begin comes first, with all that is waited for, what is there already
	// included.
	Begin(all []facts.Awaited)
	// Saw comes with each change of an object.
	Update(facts.Awaited)
	// End comes last.
	End()
}

// telling is what an observer was told of a wait, so that it hears of each
// change once. It serves none, too.
type telling struct {
	to   Observer
	told map[*subject]facts.Awaited
}

// begin tells of all that is waited for.
func (w *Waiter) begin(subjects []*subject) *telling {
	t := &telling{to: w.Observer}
	if t.to == nil {
		return t
	}
	t.told = make(map[*subject]facts.Awaited, len(subjects))
	all := make([]facts.Awaited, 0, len(subjects))
	for _, s := range subjects {
		t.told[s] = s.awaited()
		all = append(all, t.told[s])
	}
	t.to.Begin(all)
	return t
}

// saw tells of an object if it changed.
func (t *telling) saw(s *subject) {
	if t.to == nil {
		return
	}
	if a := s.awaited(); a != t.told[s] {
		t.told[s] = a
		t.to.Update(a)
	}
}

func (t *telling) end() {
	if t.to != nil {
		t.to.End()
	}
}

// awaited is the subject as a person wants to hear of it: what its pods wait for
// says more than that there are not enough of them.
func (s *subject) awaited() facts.Awaited {
	a := facts.Awaited{Ref: s.object.Ref, Satisfied: s.met, Failed: s.object.Failed, Reason: s.object.Reason}
	a.Ready, a.Wanted = health.Replicas(s.live)
	switch {
	case a.Satisfied:
		a.Reason = ""
	case !a.Failed && s.held != "":
		a.Reason = s.held
	}
	return a
}
