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

// How long the API server may take to say whether a hold has run out, and after how long it is asked again
// where it has not said.
const (
	askTime  = 5 * time.Second
	askAgain = 3 * time.Second
)

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
// changed, until ctx ends. p notes how well that goes. It goes on where it is denied for a while what it was
// allowed before. No hold on a lock is over by a clock alone: the API server is asked, and as long as it does not
// answer, the lock stays as it was last seen.
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
			Set:    func(at, name string, l kubesurvey.Lock) { f.setLock(at, name, lockOf(l)) },
			Gone:   func(at, name string) { gone(f, f.locks, at, name) },
			Listed: func() { f.setListed(2) },
			Heard:  heard, Lost: lost,
		})
	})
	answered, unanswered := p.of(ofHolds)
	var runsOut <-chan time.Time // the next hold on a lock, whose end nobody writes
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.dirty:
			f.touch() // it is settled below
		case <-runsOut:
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(settleTime):
		}
		now, began := s.now(), time.Now()
		err := s.askOverdue(ctx, f, now)
		if apps, ok := f.settled(); ok {
			changed(apps)
		}
		if ctx.Err() != nil {
			continue
		}
		if err != nil {
			if !p.heardSince(began) { // where the outage has just ended, that is not another one
				unanswered(err)
			}
			runsOut = time.After(askAgain)
			continue
		}
		answered()
		runsOut = nil
		if next := f.nextEnd(now); !next.IsZero() {
			runsOut = time.After(next.Sub(now))
		}
	}
}

// askOverdue asks the API server for each lock whose hold has run out by now, as far as is known, and notes
// what it says. It returns the first problem for which one is not known.
func (s survey) askOverdue(ctx context.Context, f *following, now time.Time) error {
	for at, was := range f.overdue(now) {
		is, err := s.askLock(ctx, at)
		if err != nil {
			return err
		}
		f.replaceLock(at, was, is)
	}
	return nil
}

// askLock asks the API server for one lock. It is nil where there is none.
func (s survey) askLock(ctx context.Context, at fleetKey) (is *fleet.Lock, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err = s.locks.Named(at.name).Each(ctx, func(l kubesurvey.Lock) {
		if l.Namespace == at.namespace && l.Name == at.name {
			lock := lockOf(l)
			is = &lock
		}
	})
	return is, err
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

// setLock notes what a list or a watch tells of a lock.
func (f *following) setLock(namespace, name string, l fleet.Lock) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := fleetKey{namespace, name}
	f.locks[at] = l.After(f.locks[at])
	f.touch()
}

// replaceLock notes what the API server says of a lock that it was asked for, unless something else was told of
// it meanwhile.
func (f *following) replaceLock(at fleetKey, was fleet.Lock, is *fleet.Lock) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks[at] != was {
		return
	}
	if is == nil {
		delete(f.locks, at)
	} else {
		f.locks[at] = *is
	}
	f.touch()
}

// overdue returns the locks whose holds have run out by now, as far as is known.
func (f *following) overdue(now time.Time) map[fleetKey]fleet.Lock {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := map[fleetKey]fleet.Lock{}
	for at, l := range f.locks {
		if l.Overdue(now) {
			found[at] = l
		}
	}
	return found
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

// settled returns the apps as they are now where something has changed, and forgets that it has.
func (f *following) settled() ([]fleet.App, bool) {
	select {
	case <-f.dirty:
		return f.apps()
	default:
		return nil, false
	}
}

// nextEnd returns when the next of the holds on locks runs out by itself; zero where none is
// held, or it is not known what time it is.
func (f *following) nextEnd(now time.Time) (next time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.locks {
		if !now.IsZero() && l.Held && (next.IsZero() || l.Until.Before(next)) {
			next = l.Until
		}
	}
	return next
}

// apps returns the apps as they are now. It is false until all that there is was listed.
func (f *following) apps() ([]fleet.App, bool) {
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
		book.AddLock(l)
	}
	return proven(book), true
}
