package kube

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
// What may be under way at that moment: reads and watches are cut; writes are
// left to end, since a write that was cut may have been applied or not. Drain
// waits for them.
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

// NewFence makes an open fence. It closes by itself when ctx ends, and when a
// guard, asked before every request, gives an error: a Lease that has run out,
// for example. A process that was stopped and goes on later meets both before
// its timers fire.
func NewFence(ctx context.Context, guards ...func() error) *Fence {
	f := &Fence{parent: ctx, guards: guards, idle: make(chan struct{})}
	close(f.idle)
	f.ctx, f.cut = context.WithCancelCause(context.WithoutCancel(ctx))
	untie := context.AfterFunc(ctx, func() { f.Close(context.Cause(ctx)) })
	context.AfterFunc(f.ctx, func() { untie() })
	return f
}

// Close refuses every further request. The first reason stays.
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

// Context ends when the fence closes, with the reason as its cause.
func (f *Fence) Context() context.Context { return f.ctx }

// Err is nil while the fence is open.
func (f *Fence) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed == nil {
		return nil
	}
	return f.closed
}

// InFlight counts the writes under way.
func (f *Fence) InFlight() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// Drain waits until no write is under way. Behind a closed fence that is for
// good: the operation can change nothing any more.
func (f *Fence) Drain(ctx context.Context) error {
	f.mu.Lock()
	idle := f.idle
	f.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d writes under way: %w", f.InFlight(), context.Cause(ctx))
	}
}

// admit lets a request pass or says why not. An admitted write is to be ended
// with leave.
func (f *Fence) admit(write bool) error {
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

// check looks at the context, the clock and the guards. The monotonic clock
// stands still while the machine sleeps and the wall clock may be set back, so
// either of them is enough.
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
