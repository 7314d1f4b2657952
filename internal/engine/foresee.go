package engine

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/verdict"
)

// foreseen is what is known of the namespace's end before anything of it goes.
type foreseen struct {
	ns      facts.Namespace // as it was looked at
	around  facts.Surroundings
	goes    bool
	spared  []facts.Resident
	volumes []facts.Volume
	err     error
}

// lookAhead begins to look, beside what else comes before the first deletion, at what is in
// the namespace, and at the volumes in it.
func (t *teardown) lookAhead(ctx context.Context) <-chan foreseen {
	ns, seen := t.ns.now, make(chan foreseen, 1)
	go func() {
		is := foreseen{ns: ns}
		looks, ctx := errgroup.WithContext(ctx)
		looks.Go(func() (err error) {
			is.around, err = t.look(ctx, ns, false)
			return err
		})
		looks.Go(func() (err error) {
			is.volumes, err = t.backend.Namespaces.Volumes(ctx)
			return err
		})
		is.err = looks.Wait()
		seen <- is
	}()
	return seen
}

// foresee tells whether the namespace will go, by what was in it ahead.
func (t *teardown) foresee(ctx context.Context, f *facts.Facts, is *foreseen) (err error) {
	app := t.options.App
	if verdict.MayBeCopies(is.around.Residents, app.Namespace, app.Release) {
		if t.named, err = t.gather.named(ctx, f); err != nil {
			return err
		}
	}
	is.goes = t.decide(is.ns, &is.around, nil).Action == verdict.NamespaceDelete
	is.spared = verdict.Spared(is.ns, app.Identity, app.Release, is.around.Residents, t.options.Policy)
	return nil
}

// look reads what is in the namespace now, where it is this branch's. Once the release is
// gone, a record of it is one of a deploy that came since.
func (t *teardown) look(ctx context.Context, ns facts.Namespace, gone bool) (around facts.Surroundings, err error) {
	if verdict.TenancyOf(ns, t.options.App.Identity) != verdict.TenancyOwn {
		return around, nil
	}
	var unlisted []string // for the records
	looks, ctx := errgroup.WithContext(ctx)
	looks.Go(func() (err error) {
		around.Releases, unlisted, err = t.backend.Records.Others(ctx, gone)
		return err
	})
	looks.Go(func() (err error) {
		around.Residents, around.Unlisted, err = t.backend.Namespaces.Residents(ctx)
		return err
	})
	err = looks.Wait()
	around.Unlisted = append(around.Unlisted, unlisted...)
	slices.Sort(around.Unlisted)
	around.Unlisted = slices.Compact(around.Unlisted)
	return around, err
}

// decide returns what is to be done with the namespace, by what is in it. kept is what the
// uninstall left, and why.
func (t *teardown) decide(ns facts.Namespace, around *facts.Surroundings, kept []string) verdict.NamespacePlan {
	app := t.options.App
	around.Residents = verdict.MarkCopies(around.Residents, app.Namespace, app.Release, t.named)
	return verdict.DecideNamespace(ns, app.Identity, app.Release, *around, kept, t.options.Policy)
}
