package engine

import (
	"context"
	"fmt"
	"time"
)

// afterEndTime bounds what the run still does after its own context has ended: a
// CI runner kills a cancelled job about seven seconds after the signal. A run that lives
// gives a busy API server more, to learn what a failed operation has left.
const (
	afterEndTime = 3 * time.Second
	settleTime   = 15 * time.Second
)

// budget is the time that the input timeout gives a verb.
type budget struct {
	timeout    time.Duration
	operations Operations
	server     Server
}

// begin starts the budget of the verb's writes, and stamps it on the records that
// follow.
func (b budget) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	b.operations.Begin(b.server.Latest().Add(b.timeout))
	return b.limit(ctx)
}

// limit bounds reads by the same time.
func (b budget) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return within(ctx, "timeout", b.timeout)
}

// within bounds ctx by an input's duration. The context's cause names the input.
func within(ctx context.Context, input string, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, &timeoutError{input, limit})
}

// detached returns a context that outlives ctx for afterEndTime, and ends after
// settleTime in any case.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	values := context.WithoutCancel(ctx)
	ends, end := context.WithCancelCause(values)
	timeUp := func() { end(context.DeadlineExceeded) }
	settled := time.AfterFunc(settleTime, timeUp)
	forget := context.AfterFunc(ctx, func() { time.AfterFunc(afterEndTime, timeUp) })
	return detachedContext{values, ends}, func() { forget(); settled.Stop(); end(context.Canceled) }
}

// detachedContext ends in context.DeadlineExceeded at a time that was not known when it
// was made. The contexts of the standard library would end as cancelled, which is what a
// person does to a run, and not what a silent API server does.
type detachedContext struct {
	context.Context // the values; it never ends

	ends context.Context
}

func (c detachedContext) Done() <-chan struct{} { return c.ends.Done() }
func (c detachedContext) Err() error            { return context.Cause(c.ends) }

// timeoutError is the cause of a context whose time an input bounds. Whoever
// classifies an error takes it for the context.DeadlineExceeded that it is.
type timeoutError struct {
	input string
	limit time.Duration
}

func (e *timeoutError) Error() string {
	return fmt.Sprintf("the %s of %s has passed", e.input, e.limit)
}

// Is makes it a context.DeadlineExceeded.
func (*timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout makes it a timeout for net/http and net/url.
func (*timeoutError) Timeout() bool { return true }
