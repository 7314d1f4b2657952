package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// observe reads the objects of the last record, those of its hooks, and those
// that the revision before had and the last one dropped. Wanted, which may be
// nil, gives those of the manifest that is wanted.
func (r *run) observe(ctx context.Context, f *facts.Facts, wanted observation) error {
	last := f.Last()
	if wanted == nil || last.Manifest != r.want.Manifest {
		wanted = func() ([]facts.Object, error) { return r.Cluster.Observe(ctx, last.Manifest) }
	}
	var err error
	if f.Objects, err = wanted(); err != nil {
		return err
	}
	f.Observed = true
	if !last.Payload.Unfinished() {
		return nil
	}
	if err := r.observeHooks(ctx, f); err != nil {
		return err
	}
	f.Dropped, f.DroppedUnread, err = r.dropped(ctx, f)
	return err
}

// observeAhead begins to read the objects that a deploy of this run made, beside
// its record, which most likely still names the same.
func (r *run) observeAhead(ctx context.Context, observe bool) observation {
	if !observe || r.want.Manifest == "" {
		return nil
	}
	type answer struct {
		objects []facts.Object
		err     error
	}
	reading := make(chan answer, 1)
	go func() {
		objects, err := r.Cluster.Observe(ctx, r.want.Manifest)
		reading <- answer{objects, err}
	}()
	return func() ([]facts.Object, error) {
		a := <-reading
		return a.objects, a.err
	}
}

// observation gives the objects of a manifest once they are read.
type observation func() ([]facts.Object, error)

// observeHooks reads the objects of the last record's hooks.
func (r *run) observeHooks(ctx context.Context, f *facts.Facts) error {
	hooks := make([]string, 0, len(f.Last().Hooks))
	for _, h := range f.Last().Hooks {
		hooks = append(hooks, h.Manifest)
	}
	var err error
	f.HookJobs, err = r.Cluster.Observe(ctx, strings.Join(hooks, "\n---\n"))
	return err
}

// observeLeftHooks reads them where one could stand in the way of its own next
// creation, unless they were read already.
func (r *run) observeLeftHooks(ctx context.Context, f *facts.Facts) error {
	last := f.Last()
	if last == nil || f.HookJobs != nil || !slices.ContainsFunc(last.Hooks, func(h facts.Hook) bool { return !h.Recreated }) {
		return nil
	}
	return r.observeHooks(ctx, f)
}

// dropped finds what an unfinished upgrade should have removed.
func (r *run) dropped(ctx context.Context, f *facts.Facts) ([]facts.Object, string, error) {
	before := deployedBefore(f.Records)
	if before == nil {
		return nil, "", nil
	}
	if err := r.Releases.Load(ctx, before); err != nil {
		return nil, "", err
	}
	if before.DecodeError != "" {
		return nil, fmt.Sprintf("record %s cannot be decoded, so what it had and the last one dropped is not known", before.Key), nil
	}
	objects, err := r.Cluster.Observe(ctx, before.Manifest)
	if err != nil {
		return nil, "", err
	}
	return slices.DeleteFunc(objects, func(o facts.Object) bool {
		return slices.ContainsFunc(f.Objects, func(now facts.Object) bool { return now.Ref == o.Ref })
	}), "", nil
}

// deployedBefore is the newest revision before the last that was in service:
// deployed, or superseded where the last operation died between its two
// final writes.
func deployedBefore(records []facts.Record) *facts.Record {
	for i := len(records) - 2; i >= 0; i-- {
		if s := records[i].Label; s == facts.StatusDeployed || s == facts.StatusSuperseded {
			return &records[i]
		}
	}
	return nil
}
