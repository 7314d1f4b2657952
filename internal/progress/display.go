package progress

import (
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

const (
	// minRepaint is the shortest time between two states of the table.
	minRepaint = 100 * time.Millisecond
	// maxRepaint is the longest: the table shows times in seconds.
	maxRepaint = time.Second
)

// Display shows one run. Its methods may be called from several goroutines.
type Display struct {
	screen    *Screen
	printLine func(string)
	phase     func(string) // prints the title of a phase
	plain     func(string) string
	namespace string

	mu        sync.Mutex // held while lines are decided on and printed, so that they stay in order
	log       log
	paintedAt time.Time // when the table was painted last
	timer     *time.Timer
	closed    bool
}

// New returns the display of a run. Objects in namespace are shown without it.
// printLine prints one line of untrusted text onto the screen. plain makes
// untrusted text safe for a table, which does not pass through printLine: it takes
// out secrets, and what could control a terminal.
func New(screen *Screen, printLine func(string), plain func(string) string, namespace string) *Display {
	d := &Display{screen: screen, printLine: printLine, phase: printLine, plain: plain, namespace: namespace}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer = time.AfterFunc(heartbeat, d.tick)
	return d
}

// PhasesBy has the titles of phases printed by printPhase.
func (d *Display) PhasesBy(printPhase func(string)) *Display {
	d.phase = printPhase
	return d
}

// Say prints what the run does now. line may be untrusted text.
func (d *Display) Say(line string) { d.say(line, d.printLine) }

// Phase is Say for the title of a phase, to which belongs what is printed until the next.
func (d *Display) Phase(title string) { d.say(title, d.phase) }

func (d *Display) say(line string, show func(string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.log.say(now, d.plain(line))
	if d.screen.interactive() && d.log.wait == nil {
		d.paint(now, nil)
	}
	show(line)
	d.refresh(now)
}

// Close leaves on the screen what is there and shows nothing from then on.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	d.timer.Stop()
	if !d.screen.interactive() {
		return
	}
	if d.log.wait == nil {
		d.screen.paint(nil)
	}
	d.screen.release()
}

// tick is what the timer calls.
func (d *Display) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refresh(time.Now())
}

// refresh shows what is due, and sets the timer for when more will be.
func (d *Display) refresh(now time.Time) {
	if d.closed {
		return
	}
	if d.screen.interactive() {
		d.timer.Reset(d.redraw(now).Sub(now))
		return
	}
	for _, line := range d.log.next(now, d.screen.lastPrint()) {
		d.printLine(line)
	}
	d.timer.Reset(d.log.due(d.screen.lastPrint()).Sub(now))
}

// redraw paints the table if it is due, and returns when it will be again.
func (d *Display) redraw(now time.Time) (next time.Time) {
	from := d.log.since.Add(maxRepaint)
	if d.log.wait != nil {
		from = d.log.wait.began.Add(collectTime)
	}
	if due := later(from, d.paintedAt.Add(minRepaint)); now.Before(due) {
		return due
	}
	switch {
	case d.log.wait != nil:
		d.paint(now, table(d.log.wait, now, d.screen.frame()))
	case d.log.activity != "":
		d.paint(now, activityTable(d.log.activity, d.log.since, now, d.screen.frame()))
	default: // there is nothing to paint before the next Say or Begin
		return now.Add(heartbeat)
	}
	return now.Add(maxRepaint)
}

// paint replaces the table.
func (d *Display) paint(now time.Time, rows []string) {
	d.paintedAt = now
	d.screen.paint(rows)
}

// Wait shows one wait for objects. Its methods are called as the wait goes on.
type Wait struct {
	display   *Display
	condition Condition
	state     *wait // nil until Begin
}

// Wait returns a Wait that is about to begin.
func (d *Display) Wait(condition Condition) *Wait { return &Wait{display: d, condition: condition} }

// Begin starts it. all is everything that is waited for, what is there already
// included.
func (w *Wait) Begin(all []facts.Awaited) {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if w.state = newWait(w.condition, now, all, d.namespace, d.plain); d.closed {
		return
	}
	if d.screen.interactive() {
		d.paint(now, nil)
	}
	d.log.begin(now, w.state)
	d.refresh(now)
}

// Update shows what an object has become.
func (w *Wait) Update(a facts.Awaited) {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if o := w.state.update(now, a, d.plain); o != nil && d.log.wait == w.state {
		d.log.update(now, o)
		d.refresh(now)
	}
}

// End shows how it ended.
func (w *Wait) End() {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	w.state.ended = now
	if d.closed || d.log.wait != w.state {
		return // it was given up, and another one began
	}
	lines := d.log.end(now)
	if d.screen.hasTable() {
		d.paint(now, table(w.state, now, d.screen.frame()))
		d.screen.release()
		lines = nil
	}
	for _, line := range lines {
		d.printLine(line)
	}
	d.refresh(now)
}

// Timeline returns what its time was spent on, with times since its beginning. It
// is nil before Begin.
func (w *Wait) Timeline() []result.Event {
	w.display.mu.Lock()
	defer w.display.mu.Unlock()
	if w.state == nil {
		return nil
	}
	return w.state.timeline(time.Now())
}
