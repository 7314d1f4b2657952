package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/verdict"
)

// gatherer reads the facts about the release.
type gatherer struct {
	records Records
	objects Objects
	runs    Runs
	server  Server
	lock    *lock
	ns      *namespace
	budget  budget

	release  string
	identity string
	origin   facts.Origin
	app      string
	run      string
	policy   verdict.Policy
	chart    *chartSource
}

// scope is how much is gathered. The records are read always; an unfinished
// operation's objects are, too.
type scope struct {
	objects bool // the objects of the last record, and the workloads that its hooks made
	records bool // the payload of every record, and not only of those that may be gone by
	// applied is the manifest that this run applied, "" where there is none. Its
	// objects are read beside the records, which most likely name the same ones.
	applied string
}

// gather reads the facts once.
func (g *gatherer) gather(ctx context.Context, s scope) (*facts.Facts, error) {
	f := &facts.Facts{Release: g.release, Identity: g.identity, Origin: g.origin, App: g.app, Run: g.run, Chart: g.chart.name(),
		Namespace: g.ns.now, Lock: g.lock.found}
	ahead := g.observeAhead(ctx, s)
	var err error
	if f.Records, err = g.records.Records(ctx); err != nil {
		return nil, err
	}
	f.Now = g.now()
	if f.Identity == "" {
		f.Identity, f.Origin = verdict.WhoseIs(f)
	}
	last := f.Last()
	if last == nil {
		return f, nil
	}
	if err := g.loadLast(ctx, last); err != nil {
		return nil, err
	}
	err = g.loadEarlier(ctx, f, s)
	for i := range f.Records {
		f.Records[i].Later = g.runs.Later(f.Records[i].RunURL)
	}
	if err != nil || len(verdict.Misplaced(f)) > 0 {
		return f, err // what another release's record describes is not looked at
	}
	if last.DecodeError == "" && (s.objects || last.PayloadStatus.Unfinished()) {
		if err := g.observe(ctx, f, s, ahead); err != nil {
			return nil, err
		}
	}
	g.askCI(ctx, f)
	return f, nil
}

// now returns the time by which others are judged. Where there is no lock, time alone
// tells whether somebody is at work, so that the API server's and this machine's have
// to agree: the earlier counts.
func (g *gatherer) now() time.Time {
	now, local := g.server.Now(), g.lock.report.clock()
	if g.lock.found.State == facts.LockUnusable && local.Before(now) {
		return local
	}
	return now
}

// parallelHooks bounds how many hooks' objects are read at a time.
const parallelHooks = 8

// maxLooks bounds how often records that keep changing are read anew, and planned
// for anew.
const maxLooks = 5

// gatherStable gathers within the timeout, anew where the records changed while
// they were read.
func (g *gatherer) gatherStable(ctx context.Context, s scope) (*facts.Facts, error) {
	ctx, cancel := g.budget.limit(ctx)
	defer cancel()
	var err error
	for range maxLooks {
		var f *facts.Facts
		f, err = g.gather(ctx, s)
		if !errors.Is(err, facts.ErrChanged) {
			return f, err
		}
	}
	return nil, err
}

// loadEarlier reads the payloads of the records before the last that may be gone by.
func (g *gatherer) loadEarlier(ctx context.Context, f *facts.Facts, s scope) error {
	if f.Last().Misplaced != "" {
		return nil
	}
	for range f.Records { // what one says may have others be read: one that was uninstalled is no good
		unread := slices.DeleteFunc(verdict.RecordsToRead(f, s.records), func(r *facts.Record) bool { return r.Loaded })
		if len(unread) == 0 {
			return nil
		}
		for _, rec := range unread {
			if err := g.load(ctx, rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastRecord reads the last record and none of its objects; nil where there is
// no record.
func (g *gatherer) lastRecord(ctx context.Context) (*facts.Record, error) {
	records, err := g.records.Records(ctx)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	last := &records[len(records)-1]
	return last, g.loadLast(ctx, last)
}

// loadLast reads the payload of the last record. The lock is to tell of it.
func (g *gatherer) loadLast(ctx context.Context, last *facts.Record) error {
	err := g.records.Load(ctx, last)
	if err == nil && last.DecodeError == "" {
		g.lock.manifest = last.Manifest
	}
	return err
}

// objectsOf reads the objects that a record names.
func (g *gatherer) objectsOf(ctx context.Context, rec *facts.Record) ([]facts.Object, error) {
	if err := g.load(ctx, rec); err != nil {
		return nil, err
	}
	return g.objects.Observe(ctx, rec.Manifest)
}

// load reads a record's payload unless it has been read.
func (g *gatherer) load(ctx context.Context, rec *facts.Record) error {
	if rec.Loaded {
		return nil
	}
	return g.records.Load(ctx, rec)
}

// askCI asks the CI about the run that left the last record pending, where
// nothing else tells whether it is still running.
func (g *gatherer) askCI(ctx context.Context, f *facts.Facts) {
	last := f.Last()
	if last.RunURL == "" || last.Stamp.Zero() || !last.PayloadStatus.Pending() {
		return
	}
	if liveness, _ := verdict.JudgeLiveness(f, g.policy); liveness == verdict.Unknown {
		f.CI = g.runs.State(ctx, last.RunURL)
	}
}
