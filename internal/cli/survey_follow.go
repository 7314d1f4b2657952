package cli

import (
	"context"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/kube/lease"
	kubesurvey "github.com/berth-dev/berth/internal/kube/survey"
)

// settleTime is how long changes are gathered that come at the same moment, such as those of one
// deploy.
const settleTime = 200 * time.Millisecond

// following is what is known of the apps while they are followed.
type following struct {
	mu         sync.Mutex
	namespaces map[fleetKey]fleet.Namespace
	records    map[fleetKey]fleet.Record
	locks      map[fleetKey]fleet.Lock
	listed     [3]bool
	dirty      chan struct{} // something has changed
}

// fleetKey is a name in a namespace.
type fleetKey struct{ namespace, name string }

// follow calls changed with every review app once all are known, and again whenever that has
// changed, until ctx ends. With p, which notes how well that goes, it also goes on where it is
// denied for a while what it was allowed before.
func (s survey) follow(ctx context.Context, p *pulse, changed func([]fleet.App)) error {
	f := &following{namespaces: map[fleetKey]fleet.Namespace{}, records: map[fleetKey]fleet.Record{}, locks: map[fleetKey]fleet.Lock{},
		dirty: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	defer all.Wait()
	begin := func(follow func() error) {
		all.Go(func() {
			if err := follow(); err != nil {
				cancel(err)
			}
		})
	}
	begin(func() error {
		heard, lost := p.of(0)
		return s.namespaces.Follow(ctx, kubesurvey.Events[facts.Meta]{
			Set:    func(at, name string, m facts.Meta) { set(f, f.namespaces, at, name, namespaceOf(m)) },
			Gone:   func(at, name string) { gone(f, f.namespaces, at, name) },
			Listed: func() { f.setListed(0) },
			Heard:  heard, Lost: lost,
		})
	})
	begin(func() error {
		heard, lost := p.of(1)
		return s.records.Follow(ctx, kubesurvey.Events[facts.Meta]{
			Set: func(at, name string, m facts.Meta) {
				if r, ok := recordOf(m); ok {
					set(f, f.records, at, name, r)
				}
			},
			Gone:   func(at, name string) { gone(f, f.records, at, name) },
			Listed: func() { f.setListed(1) },
			Heard:  heard, Lost: lost,
		})
	})
	begin(func() error {
		heard, lost := p.of(2)
		return s.locks.Follow(ctx, kubesurvey.Events[kubesurvey.Lock]{
			Set:    func(at, name string, l kubesurvey.Lock) { set(f, f.locks, at, name, lockOf(l)) },
			Gone:   func(at, name string) { gone(f, f.locks, at, name) },
			Listed: func() { f.setListed(2) },
			Heard:  heard, Lost: lost,
		})
	})
	var runsOut <-chan time.Time // the next hold on a lock, whose end nobody writes
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.dirty:
		case <-runsOut:
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(settleTime):
		}
		f.settle()
		now := s.now()
		if apps, ok := f.apps(now); ok {
			changed(apps)
		}
		runsOut = nil
		if next := f.nextEnd(now); !next.IsZero() {
			runsOut = time.After(next.Sub(now))
		}
	}
}

func set[T any](f *following, of map[fleetKey]T, namespace, name string, object T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of[fleetKey{namespace, name}] = object
	f.touch()
}

func gone[T any](f *following, of map[fleetKey]T, namespace, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(of, fleetKey{namespace, name})
	f.touch()
}

func (f *following) setListed(which int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed[which] = true
	f.touch()
}

func (f *following) touch() {
	select {
	case f.dirty <- struct{}{}:
	default:
	}
}

// settle forgets that something has changed, since what there is now is looked at next.
func (f *following) settle() {
	select {
	case <-f.dirty:
	default:
	}
}

// nextEnd returns when the next of the holds on locks runs out by itself; zero where none is
// held, or it is not known what time it is.
func (f *following) nextEnd(now time.Time) (next time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.locks {
		if !now.IsZero() && l.At(now).Held && (next.IsZero() || l.Until.Before(next)) {
			next = l.Until
		}
	}
	return next
}

// apps returns the apps as they are now. It is false until all that there is was listed.
func (f *following) apps(now time.Time) ([]fleet.App, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listed != [3]bool{true, true, true} {
		return nil, false
	}
	book := fleet.NewBook(lease.Name)
	for _, n := range f.namespaces {
		book.AddNamespace(n)
	}
	for _, r := range f.records {
		book.AddRecord(r)
	}
	for _, l := range f.locks {
		book.AddLock(l.At(now))
	}
	return proven(book), true
}
