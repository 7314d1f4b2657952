package engine

import (
	"context"
	"fmt"
	"time"
)

// afterEndTime bounds what the run still does after its own context has ended: a
// CI runner kills a cancelled job about seven seconds after the signal.
const afterEndTime = 3 * time.Second

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

// detached returns a context that outlives ctx for settleTime at most.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), afterEndTime)
}

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
