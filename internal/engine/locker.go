package engine

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Locker is the lock on the release.
type Locker interface {
	// Acquire waits for the lock. It returns the lock as it was found, and a nil
	// Held where Leases may not be used.
	Acquire(ctx context.Context, expect LockExpected, waiting func(holder string, since time.Time)) (Held, facts.Lock, error)
	// Read returns what the lock says and takes nothing.
	Read(ctx context.Context) (facts.Lock, error)
	// Note writes on a lock that nobody holds how the release stands, where this run may. What
	// keeps it from that changes nothing of the run.
	Note(ctx context.Context, s facts.Standing)
}

// LockExpected is what is known of the lock before it is acquired, which saves
// requests, and how it is acquired.
type LockExpected struct {
	Absent    bool // the namespace is new, so nobody can have created it
	Renewable bool // the run may update it
	// Break takes a lock once it was seen not to be renewed for as long as it lasts,
	// and gives up at once where it is renewed; the lock-timeout counts for nothing.
	Break bool
}

// Held is a lock that this run holds and renews.
type Held interface {
	// Lost is closed when another run holds it.
	Lost() <-chan struct{}
	// Live returns whether no other run can hold it yet. Nothing may be written
	// once it does not.
	Live() bool
	// Trouble returns why the last renewal got no usable answer, or nil. A lock
	// that ran out because of it need not be another run's.
	Trouble() error
	// End writes how the attempt ended and how the release stands, and releases the lock.
	End(ctx context.Context, a facts.Attempt, s facts.Standing) error
	// Remove deletes the lock of a release that is gone.
	Remove(ctx context.Context) error
	// ExpectRemoval announces that the namespace, and the lock in it, is about to
	// be deleted.
	ExpectRemoval()
}
