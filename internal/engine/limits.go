package engine

import (
	"context"
	"fmt"
	"time"
)

// budget bounds the rest of a verb. The cause names the input to raise.
func (r *run) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	r.Releases.Begin(r.Cluster.Now().Add(r.Options.Timeout))
	return r.limit(ctx)
}

func (r *run) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return within(ctx, "timeout", r.Options.Timeout)
}

// within bounds ctx by an input's time.
func within(ctx context.Context, input string, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, &overtimeError{input, limit})
}

// overtimeError is the cause with which a time ends that an input gave. Like
// the error that it stands for, it is known as a timeout by whoever classifies
// what failed because of it.
type overtimeError struct {
	input string
	limit time.Duration
}

func (e *overtimeError) Error() string {
	return fmt.Sprintf("the %s of %s has passed", e.input, e.limit)
}

// Is makes it a context.DeadlineExceeded.
func (*overtimeError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout makes it one for net/http and net/url.
func (*overtimeError) Timeout() bool { return true }
