package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/kube"
	kubesurvey "github.com/berth-dev/berth/internal/kube/survey"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/web"
)

// board is what is served: the apps as they are followed, and how well that goes.
type board struct {
	lister
	pulse *pulse

	mu      sync.Mutex
	apps    []fleet.App // as they came
	version uint64      // of apps; 0: they are not known yet
	shown   []fleet.App // those that were asked for, without secrets
	of      uint64      // the version that shown was made of
	sweeps  *result.SweepTotals
}

// serve serves the review apps until ctx ends. It goes on while the API server is away, and says
// so; only what keeps it from ever beginning is an error.
func (l lister) serve(ctx context.Context, conn *kube.Conn) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.options.Serve)
	if err != nil {
		return &problem.Problem{Reason: problem.WrongInput, Tried: "listen on " + l.options.Serve, Cause: err,
			Next: "Give an address of this machine as serve, with a port that nobody listens on and that this user may take."}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	b := &board{lister: l, pulse: l.newPulse("What is served")}
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel(nil)
	all.Go(func() {
		s := &web.Server{Look: b.look, Clock: time.Now}
		if err := s.Serve(ctx, listener); err != nil {
			cancel(err)
		}
	})
	if namespace, name := l.options.TotalsName(); name != "" {
		all.Go(func() { b.followSweeps(ctx, conn, namespace, name) })
	}
	l.out.Line(fmt.Sprintf("Serving the review apps on http://%s/", listener.Addr()))
	return l.survey.follow(ctx, b.pulse, b.take)
}

// take takes the apps as they are now.
func (b *board) take(apps []fleet.App) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.apps = apps
	b.version++
}

// look returns what is known now.
func (b *board) look() web.View {
	since, trouble := b.pulse.read()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of != b.version {
		b.shown, b.of = b.fleetOf(slices.Clone(b.apps)).Apps, b.version
	}
	v := web.View{Version: b.version, Trouble: b.mask.Text(text.OneLine(trouble))}
	v.Now, v.Whole, v.Live, v.Sweeps = b.now(), b.version > 0, trouble == "", b.sweeps
	if !v.Whole {
		v.Live = false
		if trouble == "" {
			v.Trouble = "not all review apps have been found yet"
		}
		return v
	}
	v.Fleet, v.Age = b.fleetOf(nil), max(time.Since(since), 0)
	v.Fleet.Apps, v.Fleet.At, v.Fleet.Stale = b.shown, v.Now.Add(-v.Age).Truncate(time.Second), !v.Live
	return v
}

// followSweeps follows what the sweeps count, until ctx ends. What is not known of them is no
// reason to serve nothing else.
func (b *board) followSweeps(ctx context.Context, conn *kube.Conn, namespace, name string) {
	said := ""
	warn := func(err error) {
		if what := b.mask.Text(text.Sentence(err.Error())); what != said {
			said = what
			b.out.Warn("There are no metrics of sweeps", what)
		}
	}
	there := false
	set := func(t *result.SweepTotals) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sweeps = t
	}
	err := kubesurvey.ConfigMap(conn.Clientset(), namespace, name, "show what the sweeps have done").Follow(ctx,
		kubesurvey.Events[map[string]string]{
			Set: func(_, _ string, data map[string]string) {
				there = true
				t, err := readTotals(data[report.SweepTotalsKey])
				if err != nil {
					warn(fmt.Errorf("read %s of ConfigMap %s/%s: %w", report.SweepTotalsKey, namespace, name, err))
					set(nil)
					return
				}
				set(&t)
			},
			Gone: func(_, _ string) { there = false; set(nil) },
			Listed: func() {
				if !there {
					warn(fmt.Errorf("there is no ConfigMap %s in namespace %s; make an empty one", name, namespace))
				}
			},
			Lost: func(error) {}, // what is followed beside it says so
		})
	if err != nil && ctx.Err() == nil {
		warn(err)
	}
}

// readTotals reads what the sweeps have counted. Where none has, there are no counts.
func readTotals(data string) (result.SweepTotals, error) {
	if data == "" {
		return result.SweepTotals{}, nil
	}
	return report.ReadSweepTotals(data)
}
