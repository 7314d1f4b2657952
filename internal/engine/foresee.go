package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
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
func (t *teardown) lookAhead(ctx context.Context, ns facts.Namespace) <-chan foreseen {
	seen := make(chan foreseen, 1)
	go func() {
		is := foreseen{ns: ns}
		looks, ctx := errgroup.WithContext(ctx)
		looks.Go(func() (err error) {
			is.around, err = t.look(ctx, ns, false)
			return err
		})
		looks.Go(func() (err error) {
			is.volumes, err = t.backend.Namespaces.Volumes(ctx, t.whoseVolumes(ns))
			return err
		})
		is.err = looks.Wait()
		seen <- is
	}()
	return seen
}

// whoseVolumes returns the release of which the volumes go, or "" for all in the namespace, where that may
// go. One that stays may hold those of thousands of other apps.
func (t *teardown) whoseVolumes(ns facts.Namespace) string {
	if app := t.options.App; verdict.TenancyOf(ns, app.Identity) != verdict.TenancyOwn {
		return app.Namespace + "/" + app.Release
	}
	return ""
}

// lookAgain looks once more, when nobody else is at work any more: another run was, for minutes
// perhaps, and what has been put there or marked since is not to go.
func (t *teardown) lookAgain(ctx context.Context) foreseen {
	defer t.report.step("Look at what is in the namespace again")()
	ns, err := t.backend.Namespaces.Namespace(ctx)
	if err != nil {
		return foreseen{err: err}
	}
	return <-t.lookAhead(ctx, ns)
}

// lateness tells whether a look is too old to be gone by.
type lateness struct {
	clock   func() time.Time
	since   time.Time
	waited  func() // another run was at work
	waiting bool
}

// lateAfter is how old a look may be that was not made beside another run.
const lateAfter = 5 * time.Second

func (t *teardown) lateness() *lateness {
	l := &lateness{clock: t.report.clock, since: t.report.clock()}
	l.waited = func() {
		l.waiting = true
		t.chart.refresh()
	}
	return l
}

func (l *lateness) is() bool { return l.waiting || l.clock().Sub(l.since) > lateAfter }

// foresee tells whether the namespace will go, by what was in it ahead.
func (t *teardown) foresee(ctx context.Context, f *facts.Facts, is *foreseen) (err error) {
	app := t.options.App
	if verdict.MayBeCopies(is.around.Residents, app.Namespace, app.Release) {
		if t.named, err = t.gather.named(ctx, f); err != nil {
			return err
		}
		t.ns.named = t.named
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

// tellVolumes says, before anything goes, what becomes of the data in the volumes that go.
func (t *teardown) tellVolumes(seen foreseen) {
	app := t.options.App
	lines := verdict.VolumesThatGo(seen.volumes, app.Namespace+"/"+app.Release, seen.goes)
	if len(lines) == 0 {
		return
	}
	told := "Volumes that go: " + strings.Join(bounded(lines), "; ")
	t.report.say(told)
	t.report.note(result.LevelNotice, "Volumes that go", "%s", strings.Join(bounded(lines), "; "))
}
