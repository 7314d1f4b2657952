package helm

import (
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// timeline records the phases of an operation and how long each took. It has a
// lock, since Helm's goroutine may go on when the operation was cut.
type timeline struct {
	mu      sync.Mutex
	began   time.Time
	phases  []result.Event
	open    map[int]bool // phases that have not ended
	passing int          // the phase that enter began, or noPhase
}

const noPhase = -1

func newTimeline() *timeline {
	return &timeline{began: time.Now(), open: map[int]bool{}, passing: noPhase}
}

// enter begins a phase that ends when the next one begins, or with leave: what
// Helm does by itself between two calls of the client.
func (t *timeline) enter(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passing = t.begin(what)
}

// leave ends the phase that enter began, if it is still open.
func (t *timeline) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endPassing()
}

// start begins a phase over some objects, which the format's %s names. end ends
// it; parts are timed from the phase's beginning.
func (t *timeline) start(format string, objects []facts.Ref) (end func(parts []result.Event)) {
	what := fmt.Sprintf("%d objects", len(objects))
	if len(objects) == 1 {
		what = names(objects)[0]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.begin(fmt.Sprintf(format, what))
	return func(parts []result.Event) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.end(i)
		t.phases[i].Parts = result.Shift(parts, t.phases[i].At)
	}
}

// list returns the phases so far. One that is still open took until now.
func (t *timeline) list() []result.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.began)
	all := append([]result.Event(nil), t.phases...)
	for i := range t.open {
		all[i].Took = now - all[i].At
	}
	return all
}

func (t *timeline) begin(what string) (phase int) {
	t.endPassing()
	t.phases = append(t.phases, result.Event{At: time.Since(t.began), What: what})
	phase = len(t.phases) - 1
	t.open[phase] = true
	return phase
}

func (t *timeline) endPassing() {
	if t.passing != noPhase {
		t.end(t.passing)
		t.passing = noPhase
	}
}

func (t *timeline) end(phase int) {
	t.phases[phase].Took = time.Since(t.began) - t.phases[phase].At
	delete(t.open, phase)
}
