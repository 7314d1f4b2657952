package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// sweepCluster implements sweep.Cluster over one connection.
type sweepCluster struct {
	Process
	conn    *kube.Conn
	kind    record.Kind
	out     console
	options *input.Options
	about   ci.Context
}

// Read returns every review app.
func (s sweepCluster) Read(ctx context.Context) ([]fleet.App, error) {
	return newSurvey(s.conn, s.kind, oneNamespace(s.options), false).read(ctx)
}

// Reread reads what there is of one app alone.
func (s sweepCluster) Reread(ctx context.Context, of fleet.App) (fleet.App, bool, error) {
	return reread(ctx, s.conn, s.kind, of)
}

// reread reads one app anew. It returns false where it is not there any more, and then what its
// namespace tells that is a branch's own.
func reread(ctx context.Context, conn *kube.Conn, kind record.Kind, of fleet.App) (fleet.App, bool, error) {
	look, err := newSurveyOf(conn, kind, of.Namespace, of.Release)
	if err != nil {
		return fleet.App{}, false, err
	}
	apps, err := look.read(ctx)
	var left fleet.App
	for _, one := range apps {
		if one.Release == of.Release {
			return one, true, err
		}
		left = one
	}
	return left, false, err
}

// Now is the earlier of what the API server and this machine say, so that a clock that is ahead takes
// nothing down.
func (s sweepCluster) Now() time.Time {
	now := server{s.conn}.Now()
	if here := s.Clock(); here.Before(now) {
		return here
	}
	return now
}

func (sweepCluster) Clock() time.Time { return time.Now() }

// TakeDown takes one app down by the engine's teardown, with all that it looks at before it
// deletes anything.
func (s sweepCluster) TakeDown(ctx context.Context, a fleet.App, agree func(context.Context, int) error) result.Result {
	o, out := teardownOf(s.options, a), s.out.of(a.Namespace+"/"+a.Release)
	var aside notes
	t, err := targetOf(s.options, a)
	if err != nil {
		return s.notStarted(verb.Teardown, err)
	}
	e, closeAll, err := s.assembleOver(ctx, s.conn, out, &aside, o, t)
	if err != nil {
		return s.notStarted(verb.Teardown, err)
	}
	defer closeAll()
	stop := ""
	if o.Place == input.OnGitLab {
		stop = a.URL
	}
	told := s.telling(out, o, s.about, stop)
	e.Backend.Agree = func(ctx context.Context, f *facts.Facts) error {
		revision := 0
		if last := f.Last(); last != nil {
			revision = last.Revision
		}
		return agree(ctx, revision)
	}
	e.Options.Policy.OfMany = true
	begun := false
	e.Backend.Begun = func() { begun = true; told.begin(ctx) }
	r := e.Run(ctx, verb.Teardown)
	r.Notes = append(r.Notes, aside.list()...)
	if begun {
		told.end(ctx, out.Masked(r))
	}
	return r
}
