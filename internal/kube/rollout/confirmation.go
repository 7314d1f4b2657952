package rollout

import "time"

// confirmation is how sure it is that a target is stalled.
type confirmation struct {
	suspected   bool      // the evidence says so
	confirmed   bool      // and still did after the target and its pods were read again
	deniedSince time.Time // since when that is denied; zero: it is not
}

// suspect takes whether the evidence says that the target has failed.
func (c *confirmation) suspect(suspected bool) {
	c.suspected = suspected
	c.confirmed = c.confirmed && suspected
	if !suspected {
		c.deniedSince = time.Time{}
	}
}

// apply takes what a probe found, unless that is about an object that is deleted by
// now.
func (tr *tracked) apply(f findings, now time.Time) {
	tr.probing = false
	if f.owner != tr.owner {
		return
	}
	tr.events, tr.replicaSet, tr.lost = f.events, f.replicaSet, f.lost
	if _, read := f.events[f.owner]; tr.baseline == nil && read { // else all events would be new at the next probe
		tr.baseline = f.counts
	}
	if f.reread != nil && tr.suspected {
		tr.confirmed = tr.accepts(f.reread, now)
		tr.merge(f.reread)
		tr.follow()
	}
}

// accepts returns whether the target and its pods were read as well as possible. A
// denial has to last: an API server that starts denies what it has not learned yet
// to be allowed.
func (c *confirmation) accepts(r *reread, now time.Time) bool {
	switch {
	case !r.complete:
		return false
	case !r.denied:
		c.deniedSince = time.Time{}
		return true
	case c.deniedSince.IsZero():
		c.deniedSince = now
	}
	return now.Sub(c.deniedSince) >= deniedFor
}

// merge stores what was read again, except for what informers know in a newer
// version.
func (tr *tracked) merge(r *reread) {
	if r.owner != nil && tr.target.live != nil { // else it was seen to be deleted
		tr.target.update(r.owner)
	}
	if r.pods == nil {
		return
	}
	for name, known := range tr.pods {
		now := r.pods[name]
		switch {
		case now == nil && versionOf(known) > r.version:
		case now == nil:
			delete(tr.pods, name)
		case versionOf(now) >= versionOf(known):
			tr.pods[name] = now
		}
	}
}
