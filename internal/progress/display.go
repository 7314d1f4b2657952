package progress

import (
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

const (
	// repaint is the shortest time between two looks of a table, and second the
	// longest: ages are shown in seconds.
	repaint = 100 * time.Millisecond
	second  = time.Second
)

// Display shows one run. All of its methods may be called from anywhere.
type Display struct {
	screen *Screen
	line   func(string)
	show   func(string) string
	home   string

	mu      sync.Mutex // what is to be said is found out and said under it, so that it stays in order
	lines   lines
	painted time.Time // the table, last
	timer   *time.Timer
	closed  bool
}

// New is the display of a run whose objects are mostly in the namespace home.
// line prints onto the screen, and plain makes text safe to be put there
// without: untrusted text loses what could control a terminal, and secrets.
func New(screen *Screen, line func(string), plain func(string) string, home string) *Display {
	d := &Display{screen: screen, line: line, show: plain, home: home}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer = time.AfterFunc(heartbeat, d.tick)
	return d
}

// Say prints what the run does now.
func (d *Display) Say(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.lines.say(now, d.show(line))
	if d.screen.live() && d.lines.wait == nil {
		d.paint(now, nil)
	}
	d.line(line)
	d.refresh(now)
}

// Close shows how things stand and nothing more.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	d.timer.Stop()
	if !d.screen.live() {
		return
	}
	if d.lines.wait == nil {
		d.screen.paint(nil)
	}
	d.screen.keep()
}

func (d *Display) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refresh(time.Now())
}

// refresh shows what is due and comes back when more will be.
func (d *Display) refresh(now time.Time) {
	if d.closed {
		return
	}
	if d.screen.live() {
		d.timer.Reset(d.redraw(now).Sub(now))
		return
	}
	for _, line := range d.lines.next(now, d.screen.last()) {
		d.line(line)
	}
	d.timer.Reset(d.lines.due(d.screen.last()).Sub(now))
}

// redraw paints the table if it is time to, and says when it will be again.
func (d *Display) redraw(now time.Time) (next time.Time) {
	from := d.lines.since.Add(second)
	if d.lines.wait != nil {
		from = d.lines.wait.began.Add(settle)
	}
	if due := later(from, d.painted.Add(repaint)); now.Before(due) {
		return due
	}
	switch {
	case d.lines.wait != nil:
		d.paint(now, table(d.lines.wait, now, d.screen.frame()))
	case d.lines.doing != "":
		d.paint(now, activity(d.lines.doing, d.lines.since, now, d.screen.frame()))
	default: // nothing was begun, which will paint by itself
		return now.Add(heartbeat)
	}
	return now.Add(second)
}

func (d *Display) paint(now time.Time, rows []string) {
	d.painted = now
	d.screen.paint(rows)
}

// Wait is one wait for objects. It is told how that goes.
type Wait struct {
	display *Display
	aim     Aim
	state   *waiting
}

// Wait is a wait that is about to begin.
func (d *Display) Wait(aim Aim) *Wait { return &Wait{display: d, aim: aim} }

// Begin tells what is waited for.
func (w *Wait) Begin(all []facts.Awaited) {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if w.state = begin(w.aim, now, all, d.home, d.show); d.closed {
		return
	}
	if d.screen.live() {
		d.paint(now, nil)
	}
	d.lines.begin(now, w.state)
	d.refresh(now)
}

// Saw tells what an object has become.
func (w *Wait) Update(a facts.Awaited) {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if o := w.state.saw(now, a, d.show); o != nil && d.lines.wait == w.state {
		d.lines.saw(now, o)
		d.refresh(now)
	}
}

// End tells that it is over.
func (w *Wait) End() {
	d := w.display
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	w.state.ended = now
	if d.closed || d.lines.wait != w.state {
		return // it was given up, and another came in its place
	}
	said := d.lines.end(now)
	if d.screen.painted() {
		d.paint(now, table(w.state, now, d.screen.frame()))
		d.screen.keep()
		said = nil
	}
	for _, line := range said {
		d.line(line)
	}
	d.refresh(now)
}

// Timeline is what its time went to, from its beginning on.
func (w *Wait) Timeline() []result.Event {
	w.display.mu.Lock()
	defer w.display.mu.Unlock()
	if w.state == nil {
		return nil
	}
	return w.state.timeline(time.Now())
}
