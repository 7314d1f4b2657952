package progress

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

const (
	// heartbeat is after how long a silence a sign of life is due.
	heartbeat = 30 * time.Second
	// settle is how long to wait for what changes together; a wait that is over
	// within is told of in one line.
	settle = 200 * time.Millisecond
	// pace is between the news; with many objects, they come ever more seldom.
	pace = time.Second
	// few is how many lines may come at once, many how many objects are a crowd.
	few  = 5
	many = 10
)

// lines tells how a run goes where what was printed stays. Nobody reads 300
// lines, but whoever looks wants to know what happens now.
type lines struct {
	doing      string // by the run's own words
	since      time.Time
	wait       *waiting // nil: for no objects
	introduced bool     // it was said what is waited for
	changed    []*object
	at         time.Time // when the first of these changed
	told       time.Time // when news were printed last
	beat       time.Time // when a sign of life was due last
}

// say takes in what the run said that it does.
func (l *lines) say(now time.Time, what string) { l.doing, l.since = what, now }

func (l *lines) begin(now time.Time, w *waiting) {
	l.wait, l.introduced, l.changed = w, false, nil
	l.at, l.told = now, time.Time{}
}

// saw takes in that an object changed.
func (l *lines) saw(now time.Time, o *object) {
	if o.news {
		return
	}
	o.news = true
	if len(l.changed) == 0 && l.introduced {
		l.at = now
	}
	l.changed = append(l.changed, o)
}

// due is when there will be something to print if nothing else happens.
func (l *lines) due(printed time.Time) time.Time {
	due := l.alive(printed)
	if l.wait == nil || l.introduced && len(l.changed) == 0 {
		return due
	}
	return earlier(due, later(l.at.Add(settle), l.told.Add(l.pace())))
}

// alive is when a sign of life is due.
func (l *lines) alive(printed time.Time) time.Time { return later(printed, l.beat).Add(heartbeat) }

// pace lengthens with the wait when there is a crowd: a tenth of it makes some
// ten lines of the first ten seconds and forty of the first five minutes.
func (l *lines) pace() time.Duration {
	if len(l.wait.objects)-l.wait.met <= many {
		return pace
	}
	return max(pace, l.told.Sub(l.wait.began)/10)
}

// next is what is to be printed now, after something was last.
func (l *lines) next(now, printed time.Time) []string {
	if now.Before(l.due(printed)) {
		return nil
	}
	var news []string
	if l.wait != nil {
		l.told = now
		news = l.news(now)
	}
	if len(news) > 0 || now.Before(l.alive(printed)) {
		return news
	}
	switch l.beat = now; {
	case l.wait != nil:
		return []string{l.wait.reminder(now)}
	case l.doing != "":
		return []string{fmt.Sprintf("Still at it after %s: %s", text.Seconds(now.Sub(l.since)), l.doing)}
	}
	return nil
}

// news are lines about what changed, none of them twice, or one about how far it
// is and those about what failed.
func (l *lines) news(now time.Time) []string {
	changed := l.changed
	l.changed = nil
	if !l.introduced {
		l.introduced = true
		for _, o := range l.wait.objects {
			o.news, o.said = false, o.line(l.wait.aim)
		}
		return []string{l.wait.introduction()}
	}
	var all, failed []string
	for _, o := range changed {
		o.news = false
		line := o.line(l.wait.aim)
		if line == o.said {
			continue
		}
		o.said = line
		if all = append(all, line); o.Failed && len(failed) < few {
			failed = append(failed, line)
		}
	}
	if len(all) <= few {
		return all
	}
	if l.wait.over() {
		return nil // the end says it
	}
	return append(failed, l.wait.standing(now))
}

// end ends the wait and says how.
func (l *lines) end(now time.Time) []string {
	w := l.wait
	w.ended = now
	if len(w.objects) == 0 || w.aim == Gone && w.over() && len(w.late()) == 0 {
		l.wait = nil
		return nil // a hook that was to be deleted was not there
	}
	quick := !l.introduced
	if quick { // nobody has heard of it yet
		l.introduced, l.changed = true, w.open()
		if w.over() {
			l.changed = nil
		}
	}
	said := l.news(now)
	l.wait = nil
	if w.over() && (quick || len(w.objects) > 1) {
		said = append(said, w.end(now))
	}
	return said
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
