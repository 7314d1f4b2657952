package verdict

import (
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// Expected returns what the records, as far as they are loaded, tell the coming operation of
// the objects that are there.
func Expected(f *facts.Facts) facts.Expected {
	e := facts.Expected{Left: expectedDifferences(f), Unmarked: unmarkedHooks(f), Unswept: len(RevisionsToSweep(f)) > 0}
	for i := range f.Records {
		e.Hooks = append(e.Hooks, f.Records[i].Hooks...)
	}
	for _, r := range FailedSinceDeployed(f) {
		if r.Loaded && r.DecodeError == "" {
			e.Failed = append(e.Failed, r.Manifest)
		}
	}
	if r := newestGood(f); r != nil && r.Loaded && r.DecodeError == "" {
		e.Made = r.Manifest
	}
	return e
}

// newestGood returns the newest revision that is or was in service, or nil. What failed may
// have made everything of its manifest, or nothing.
func newestGood(f *facts.Facts) *facts.Record {
	last := f.Last()
	if last == nil {
		return nil
	}
	if s := last.EffectiveStatus(); s == facts.StatusDeployed || s == facts.StatusSuperseded {
		return last
	}
	good := rollbackCandidate(f, last.Revision)
	for i := range f.Records {
		if f.Records[i].Revision == good {
			return &f.Records[i]
		}
	}
	return nil
}

// unmarkedHooks returns the hooks whose object is there without a mark, if it is there: they
// ran, and not with Berth, which stamps its records and marks what a hook makes.
func unmarkedHooks(f *facts.Facts) []facts.Hook {
	var unmarked []facts.Hook
	marked := map[string]bool{}
	for _, r := range slices.Backward(f.Records) {
		for _, h := range r.Hooks {
			switch name := h.Kind + "/" + h.Name; {
			case !h.Succeeded:
			case !r.Stamp.Zero():
				marked[name] = true
			case !marked[name]:
				unmarked = append(unmarked, h)
			}
		}
	}
	return unmarked
}
