package helm

import (
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// phases are what an operation did when. Helm's goroutine may go on when the
// operation is over, so they are behind a lock.
type phases struct {
	mu    sync.Mutex
	began time.Time
	all   []result.Event
	open  map[int]bool
}

func newPhases() *phases { return &phases{began: time.Now(), open: map[int]bool{}} }

// start begins a phase. Its parts are timed since then.
func (p *phases) start(what string) (end func(parts []result.Event)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, at := len(p.all), time.Since(p.began)
	p.all, p.open[i] = append(p.all, result.Event{At: at, What: what}), true
	return func(parts []result.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all[i].Took, p.all[i].Parts = time.Since(p.began)-at, result.Shift(parts, at)
		delete(p.open, i)
	}
}

// list is what was done so far. What has not ended took until now.
func (p *phases) list() []result.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.began)
	all := append([]result.Event(nil), p.all...)
	for i := range p.open {
		all[i].Took = now - all[i].At
	}
	return all
}

// enter begins a phase that Helm goes through by itself and that ends with the
// next one.
func (c *client) enter(what string) {
	c.leave()
	end := c.phases.start(what)
	c.leaving = func() { end(nil) }
}

// render is the phase that ends when Helm first builds the objects.
func (c *client) render() {
	c.enter("Render the chart")
	c.rendering = true
}

func (c *client) leave() {
	if c.leaving != nil {
		c.leaving()
		c.leaving = nil
	}
}

// phase begins what Helm has the client do with some objects.
func (c *client) phase(format string, objects []facts.Ref) (end func(parts []result.Event)) {
	c.leave()
	what := text.Plural(len(objects), "object")
	if len(objects) == 1 {
		what = names(objects)[0]
	}
	return c.phases.start(fmt.Sprintf(format, what))
}
