package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/verdict"
)

// observe reads the objects of the last record, those of its hooks, and those
// that the revision before had and the last one dropped. Seen are the objects
// of the manifest that is wanted, or nil.
func (r *run) observe(ctx context.Context, f *verdict.Facts, seen []verdict.Object) error {
	last := f.Last()
	if f.Objects = seen; seen == nil || last.Manifest != r.want.Manifest {
		var err error
		if f.Objects, err = r.Cluster.Observe(ctx, last.Manifest); err != nil {
			return err
		}
	}
	f.Observed = true
	if !last.Payload.Unfinished() {
		return nil
	}
	if err := r.observeHooks(ctx, f); err != nil {
		return err
	}
	var err error
	f.Dropped, f.DroppedUnread, err = r.dropped(ctx, f)
	return err
}

// observeAhead begins to read the objects that a deploy of this run made, beside
// its record, which most likely still names the same. The function that it
// returns gives them, or nil: then they have to be read, and an error is met
// again.
func (r *run) observeAhead(ctx context.Context, observe bool) (seen func() []verdict.Object) {
	if !observe || r.want.Manifest == "" {
		return func() []verdict.Object { return nil }
	}
	reading := make(chan []verdict.Object, 1)
	go func() {
		objects, err := r.Cluster.Observe(ctx, r.want.Manifest)
		if err != nil {
			objects = nil
		}
		reading <- objects
	}()
	return func() []verdict.Object { return <-reading }
}

// observeHooks reads the objects of the last record's hooks.
func (r *run) observeHooks(ctx context.Context, f *verdict.Facts) error {
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
func (r *run) observeLeftHooks(ctx context.Context, f *verdict.Facts) error {
	last := f.Last()
	if last == nil || f.HookJobs != nil || !slices.ContainsFunc(last.Hooks, func(h verdict.Hook) bool { return !h.Recreated }) {
		return nil
	}
	return r.observeHooks(ctx, f)
}

// dropped finds what an unfinished upgrade should have removed.
func (r *run) dropped(ctx context.Context, f *verdict.Facts) ([]verdict.Object, string, error) {
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
	return slices.DeleteFunc(objects, func(o verdict.Object) bool {
		return slices.ContainsFunc(f.Objects, func(now verdict.Object) bool { return now.Ref == o.Ref })
	}), "", nil
}

// deployedBefore is the newest revision before the last that was in service:
// deployed, or superseded where the last operation died between its two
// final writes.
func deployedBefore(records []verdict.Record) *verdict.Record {
	for i := len(records) - 2; i >= 0; i-- {
		if s := records[i].Label; s == verdict.StatusDeployed || s == verdict.StatusSuperseded {
			return &records[i]
		}
	}
	return nil
}
