package progress

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

const (
	// heartbeat is how long nothing may be printed: then a reminder is due.
	heartbeat = 30 * time.Second
	// collectTime is how long changes are collected, so that what changes together is
	// printed together. A wait that ends within it takes one line.
	collectTime = 200 * time.Millisecond
	// minInterval is the shortest time between two prints of changes.
	minInterval = time.Second
	// maxLines is how many lines are printed at a time.
	maxLines = 5
	// crowd is how many unsatisfied objects there may be before changes are printed
	// ever more seldom.
	crowd = 10
)

// log decides which lines to print, and when, where what was printed cannot be
// repainted. It keeps them few, since nobody reads 300 lines, and never silent for
// long, since whoever looks wants to know what happens now.
type log struct {
	activity   string    // what the run does, in its own words
	since      time.Time // when it began to
	wait       *wait     // nil while no objects are waited for
	announced  bool      // the line that says what is waited for was printed
	changed    []*object // since the last print of changes
	changedAt  time.Time // when the first of these changed
	printedAt  time.Time // the last print of changes
	remindedAt time.Time // the last reminder
}

// say stores what the run does now.
func (l *log) say(now time.Time, what string) { l.activity, l.since = what, now }

// begin starts a wait.
func (l *log) begin(now time.Time, w *wait) {
	l.wait, l.announced, l.changed = w, false, nil
	l.changedAt, l.printedAt = now, time.Time{}
}

// update stores that an object of the wait changed.
func (l *log) update(now time.Time, o *object) {
	if o.changed {
		return
	}
	o.changed = true
	if len(l.changed) == 0 && l.announced {
		l.changedAt = now
	}
	l.changed = append(l.changed, o)
}

// due returns when there will be something to print if nothing else happens.
// printed is when anything was printed last, by whomever.
func (l *log) due(printed time.Time) time.Time {
	due := l.reminderDue(printed)
	if l.wait == nil || l.announced && len(l.changed) == 0 {
		return due
	}
	return earlier(due, later(l.changedAt.Add(collectTime), l.printedAt.Add(l.interval())))
}

// reminderDue returns when a reminder is due.
func (l *log) reminderDue(printed time.Time) time.Time {
	return later(printed, l.remindedAt).Add(heartbeat)
}

// interval returns the shortest time between two prints of changes. For a crowd of
// objects it is a tenth of the time waited so far, which makes some ten lines of
// the first ten seconds and forty of the first five minutes.
func (l *log) interval() time.Duration {
	if len(l.wait.objects)-l.wait.satisfied <= crowd {
		return minInterval
	}
	return max(minInterval, l.printedAt.Sub(l.wait.began)/10)
}

// next returns the lines to print now, if any are due.
func (l *log) next(now, printed time.Time) []string {
	if now.Before(l.due(printed)) {
		return nil
	}
	var changes []string
	if l.wait != nil {
		l.printedAt = now
		changes = l.changes(now)
	}
	if len(changes) > 0 || now.Before(l.reminderDue(printed)) {
		return changes
	}
	switch l.remindedAt = now; {
	case l.wait != nil:
		return []string{l.wait.reminderLine(now)}
	case l.activity != "":
		return []string{fmt.Sprintf("Still at it after %s: %s", text.Seconds(now.Sub(l.since)), l.activity)}
	}
	return nil
}

// changes returns a line for each object that changed, unless the same line was
// printed last. For more than maxLines of them it returns those about failures, and
// one that says how far the wait is. The first time it returns the line that
// announces the wait.
func (l *log) changes(now time.Time) []string {
	changed := l.changed
	l.changed = nil
	if !l.announced {
		l.announced = true
		for _, o := range l.wait.objects {
			o.changed, o.printed = false, o.line(l.wait.condition)
		}
		return []string{l.wait.firstLine()}
	}
	var all, failed []string
	for _, o := range changed {
		o.changed = false
		line := o.line(l.wait.condition)
		if line == o.printed {
			continue
		}
		o.printed = line
		if all = append(all, line); o.Failed && len(failed) < maxLines {
			failed = append(failed, line)
		}
	}
	if len(all) <= maxLines {
		return all
	}
	if l.wait.satisfiedAll() {
		return nil // end says so
	}
	return append(failed, l.wait.standingLine(now))
}

// end ends the wait and returns the lines that say how.
func (l *log) end(now time.Time) []string {
	w := l.wait
	w.ended = now
	if len(w.objects) == 0 || w.condition == Gone && w.satisfiedAll() && len(w.satisfiedLater()) == 0 {
		l.wait = nil
		return nil // a hook that was to be deleted was not there
	}
	quick := !l.announced
	if quick { // nothing was printed about it
		l.announced, l.changed = true, w.unsatisfied()
		if w.satisfiedAll() {
			l.changed = nil
		}
	}
	lines := l.changes(now)
	l.wait = nil
	if w.satisfiedAll() && (quick || len(w.objects) > 1) {
		lines = append(lines, w.lastLine(now))
	}
	return lines
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
