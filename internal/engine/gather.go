package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
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
	f := &facts.Facts{Release: g.release, Identity: g.identity, Origin: g.origin, Run: g.run, Chart: g.chart.name(),
		Namespace: g.ns.now, Lock: g.lock.found}
	ahead := g.observeAhead(ctx, s)
	var err error
	if f.Records, err = g.records.Records(ctx); err != nil {
		return nil, err
	}
	f.Now = g.now()
	last := f.Last()
	if last == nil {
		return f, nil
	}
	if err := g.records.Load(ctx, last); err != nil {
		return nil, err
	}
	if err := g.loadEarlier(ctx, f, s); err != nil || len(verdict.Misplaced(f)) > 0 {
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
	for _, rec := range verdict.RecordsToRead(f, s.records) {
		if err := g.load(ctx, rec); err != nil {
			return err
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
	return last, g.records.Load(ctx, last)
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

// observation returns the objects of a manifest once they are read.
type observation func() ([]facts.Object, error)

// observeAhead begins to read the objects of the manifest that this run applied;
// nil where it applied none.
func (g *gatherer) observeAhead(ctx context.Context, s scope) observation {
	if !s.objects || s.applied == "" {
		return nil
	}
	type answer struct {
		objects []facts.Object
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		objects, err := g.objects.Observe(ctx, s.applied)
		answers <- answer{objects, err}
	}()
	return func() ([]facts.Object, error) {
		a := <-answers
		return a.objects, a.err
	}
}

// observe reads the last record's objects and, of an unfinished operation, its
// hooks and what it should have removed. ahead is used where it fits the record.
func (g *gatherer) observe(ctx context.Context, f *facts.Facts, s scope, ahead observation) error {
	last := f.Last()
	if ahead == nil || last.Manifest != s.applied {
		ahead = func() ([]facts.Object, error) { return g.objects.Observe(ctx, last.Manifest) }
	}
	workloads := g.workloadsAhead(ctx, s, last)
	objects, err := ahead()
	if f.Workloads, err = workloads(err); err != nil {
		return err
	}
	f.Objects, f.Observed = objects, true
	verdict.MarkExpired(f)
	if !last.PayloadStatus.Unfinished() {
		return nil
	}
	if err := g.observeHooks(ctx, f); err != nil {
		return err
	}
	f.Dropped, f.DroppedUnread, err = g.observeDropped(ctx, f)
	return err
}

// observeHooks reads the objects of the last record's hooks.
func (g *gatherer) observeHooks(ctx context.Context, f *facts.Facts) error {
	manifests := make([]string, 0, len(f.Last().Hooks))
	for _, h := range f.Last().Hooks {
		manifests = append(manifests, h.Manifest)
	}
	var err error
	f.HookJobs, err = g.objects.Observe(ctx, strings.Join(manifests, "\n---\n"))
	return err
}

// workloadsAhead begins to read the workloads that the last record's hooks made to
// stay. What it returns waits for them, and joins an error to that of another read.
func (g *gatherer) workloadsAhead(ctx context.Context, s scope, last *facts.Record) func(error) ([]facts.HookObject, error) {
	hooks := slices.DeleteFunc(slices.Clone(last.Hooks), func(h facts.Hook) bool { return !verdict.MakesWorkload(h) })
	if !s.objects || len(hooks) == 0 {
		return func(other error) ([]facts.HookObject, error) { return nil, other }
	}
	var workloads []facts.HookObject
	var reading errgroup.Group
	reading.Go(func() (err error) {
		workloads, err = g.objectsOfHooks(ctx, hooks)
		return err
	})
	return func(other error) ([]facts.HookObject, error) {
		err := reading.Wait()
		return workloads, errors.Join(other, err)
	}
}

// objectsOfHooks reads the objects that hooks make, each beside its hook.
func (g *gatherer) objectsOfHooks(ctx context.Context, hooks []facts.Hook) ([]facts.HookObject, error) {
	objects, errs := make([][]facts.Object, len(hooks)), make([]error, len(hooks))
	var reads errgroup.Group
	reads.SetLimit(parallelHooks)
	for i, h := range hooks {
		reads.Go(func() error {
			objects[i], errs[i] = g.objects.Observe(ctx, h.Manifest)
			return nil // errs has it
		})
	}
	_ = reads.Wait()
	var all []facts.HookObject
	var failed, unseen []error
	for i, h := range hooks {
		for _, o := range objects[i] {
			all = append(all, facts.HookObject{Hook: h, Object: o})
		}
		switch {
		case errs[i] == nil:
		case isAboutObjects(errs[i]):
			unseen = append(unseen, errs[i])
		default:
			failed = append(failed, errs[i])
		}
	}
	return all, errors.Join(append(failed, unseen...)...)
}

// isAboutObjects returns whether an error only says that some objects could not be
// looked at: that they may not be read, or that a hook is no object.
func isAboutObjects(err error) bool {
	reason := problem.Of(err).Reason
	return reason == problem.PermissionMissing || reason == problem.RecordUnreadable
}

// observeDropped reads the objects that the revision in service before the last
// has and the last does not: an upgrade would have removed them. Where that
// cannot be told, it returns why.
func (g *gatherer) observeDropped(ctx context.Context, f *facts.Facts) (dropped []facts.Object, unread string, err error) {
	before := deployedBefore(f.Records)
	if before == nil {
		return nil, "", nil
	}
	if err := g.load(ctx, before); err != nil {
		return nil, "", err
	}
	if before.DecodeError != "" {
		return nil, fmt.Sprintf("record %s cannot be decoded, so what it had and the last one dropped is not known", before.Key), nil
	}
	objects, err := g.objects.Observe(ctx, before.Manifest)
	if err != nil {
		return nil, "", err
	}
	return slices.DeleteFunc(objects, func(o facts.Object) bool {
		return slices.ContainsFunc(f.Objects, func(now facts.Object) bool { return now.Ref == o.Ref })
	}), "", nil
}

// deployedBefore returns the newest record before the last that was in service:
// deployed, or superseded where the last operation died between its final writes.
func deployedBefore(records []facts.Record) *facts.Record {
	for i := len(records) - 2; i >= 0; i-- {
		if s := records[i].LabelStatus; s == facts.StatusDeployed || s == facts.StatusSuperseded {
			return &records[i]
		}
	}
	return nil
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
