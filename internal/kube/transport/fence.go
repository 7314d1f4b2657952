package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
)

// Fence stands between one Helm operation and the API server. Helm v3 goes on
// after its context is cancelled (action.Install leaves a goroutine behind that
// nothing ends) and may later overwrite what was recorded. Once the fence is
// closed nothing that it still tries can reach the server.
//
// Of the requests under way at that moment, reads and watches are cut off. Writes
// are left to end, since one that was cut off may have been applied or not. Drain
// waits for them. A Fence is safe for concurrent use.
type Fence struct {
	parent context.Context // closes the fence when it ends
	ctx    context.Context // ends when the fence closes
	cut    context.CancelCauseFunc
	guards []func() error

	mu     sync.Mutex
	closed *apifailure.FencedError
	writes int
	idle   chan struct{} // closed as soon as no write is under way
}

// NewFence returns an open fence. It closes by itself when ctx ends or its
// deadline has passed, and when a guard returns an error, for example because a
// Lease has expired. Both are checked before every request, so that a process
// which was stopped and goes on later is refused before its timers fire.
func NewFence(ctx context.Context, guards ...func() error) *Fence {
	f := &Fence{parent: ctx, guards: guards, idle: make(chan struct{})}
	close(f.idle)
	f.ctx, f.cut = context.WithCancelCause(context.WithoutCancel(ctx))
	untie := context.AfterFunc(ctx, func() { f.Close(context.Cause(ctx)) })
	context.AfterFunc(f.ctx, func() { untie() })
	return f
}

// Close has every further request refused, with an error that wraps reason and
// matches apifailure.ErrFenced. The first reason stays.
func (f *Fence) Close(reason error) {
	if reason == nil {
		reason = errors.New("it is over")
	}
	f.mu.Lock()
	if f.closed == nil {
		f.closed = &apifailure.FencedError{Reason: reason}
	}
	closed := f.closed
	f.mu.Unlock()
	f.cut(closed)
}

// Context returns a context that ends when the fence closes, with the reason as
// its cause.
func (f *Fence) Context() context.Context { return f.ctx }

// Err returns why the fence is closed, or nil while it is open.
func (f *Fence) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed == nil {
		return nil
	}
	return f.closed
}

// inFlight returns the number of writes under way.
func (f *Fence) inFlight() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// Drain waits until no write is under way, or until ctx ends, which is an error.
// Once the fence is closed and drained, the operation can change nothing any
// more.
func (f *Fence) Drain(ctx context.Context) error {
	f.mu.Lock()
	idle := f.idle
	f.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d writes under way: %w", f.inFlight(), context.Cause(ctx))
	}
}

// enter lets a request pass, or returns why not. Whoever enters to write calls
// leave when the write has ended.
func (f *Fence) enter(write bool) error {
	if err := f.check(); err != nil {
		f.Close(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed != nil {
		return f.closed
	}
	if write {
		if f.writes == 0 {
			f.idle = make(chan struct{})
		}
		f.writes++
	}
	return nil
}

func (f *Fence) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writes--; f.writes == 0 {
		close(f.idle)
	}
}

// check returns why the fence has to close now, or nil: the context has ended,
// its deadline has passed, or a guard says so. The monotonic clock stands still
// while the machine sleeps and the wall clock may be set back, so a deadline that
// has passed by either of them has passed.
func (f *Fence) check() error {
	if f.parent.Err() != nil {
		return context.Cause(f.parent)
	}
	until, ok := f.parent.Deadline()
	if now := time.Now(); ok && (now.After(until) || now.Round(0).After(until.Round(0))) {
		return context.DeadlineExceeded
	}
	for _, guard := range f.guards {
		if err := guard(); err != nil {
			return err
		}
	}
	return nil
}
