package cli

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// pulse is how well the sources of a survey are followed: when each was last heard of, and
// what is wrong with it since. It knows this machine's clock alone.
type pulse struct {
	now    func() time.Time
	change func(trouble string) // called when a source is lost, with why, and with "" once all are well again

	telling sync.Mutex // one change after the other
	mu      sync.Mutex
	heard   [3]time.Time
	lost    [4]error // of the sources, and ofHolds
}

// ofHolds is where it is noted whether the API server says of a hold that may have run out what has become of it. It
// comes after the sources.
const ofHolds = 3

// silence is how long nothing may be heard of a source at most: an API server ends a watch after
// 300 seconds, and sends a bookmark every minute before.
const silence = 6 * time.Minute

// of returns what is called when a source is heard of, and when it is lost.
func (p *pulse) of(source int) (heard func(), lost func(error)) {
	return func() { p.note(source, nil) }, func(err error) { p.note(source, err) }
}

// note notes that a source was heard of or, with an error, lost.
func (p *pulse) note(source int, err error) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.mu.Lock()
	before := p.trouble()
	if p.lost[source] = err; err == nil && source != ofHolds {
		p.heard[source] = p.now()
	}
	after := p.trouble()
	p.mu.Unlock()
	if (before == "") != (after == "") {
		p.change(after)
	}
}

// heardSince returns whether any source was heard of since then.
func (p *pulse) heardSince(then time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.heard[:], then.Before)
}

// read returns since when nothing may be missing, and what is wrong since then; "" where nothing is.
func (p *pulse) read() (since time.Time, trouble string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since = p.heard[0]
	for _, at := range p.heard[1:] {
		if at.Before(since) {
			since = at
		}
	}
	if trouble = p.trouble(); trouble == "" && p.now().Sub(since) > silence {
		trouble = fmt.Sprintf("nothing was heard of the API server for %s", p.now().Sub(since).Round(time.Second))
	}
	return since, trouble
}

// trouble returns why a source is lost.
func (p *pulse) trouble() string {
	for _, err := range p.lost {
		if err != nil {
			return err.Error()
		}
	}
	return ""
}
