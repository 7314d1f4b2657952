package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

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
