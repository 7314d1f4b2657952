package progress

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// An object that was ready for the time being counts as waited for again.
func TestWaitTakesBackWhatWasReady(t *testing.T) {
	w := newWait(Ready, at(0), []facts.Awaited{satisfied(web), db}, "review", asIs)
	w.update(at(1), web, asIs)
	if w.satisfied != 0 || len(w.unsatisfied()) != 2 {
		t.Errorf("%d satisfied, %d not", w.satisfied, len(w.unsatisfied()))
	}
	w.update(at(2), satisfied(web), asIs)
	w.update(at(3), satisfied(db), asIs)
	if !w.satisfiedAll() {
		t.Errorf("%d satisfied", w.satisfied)
	}
}
