package record

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/apifailure"
)

const (
	// writeTimeout is how long one try of a write may take. A server under
	// load answers late, and a try given up may still be applied.
	writeTimeout = 45 * time.Second
	readTimeout  = 20 * time.Second
	// longestHint is the longest Retry-After that is waited for.
	longestHint = 20 * time.Second
)

// defaultBackoff is at most nine tries within twenty seconds.
func defaultBackoff() backoff.BackOff {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0.3),
		backoff.WithMaxInterval(3*time.Second),
		backoff.WithMaxElapsedTime(20*time.Second),
	)
	return backoff.WithMaxRetries(b, 8)
}

// retry calls op until it succeeds, fails for good, or the backoff or ctx ends
// it. Each try gets its own timeout, so that one which hangs is not the last.
func retry[T any](ctx context.Context, s *Store, timeout time.Duration, op func(context.Context) (T, error)) (T, error) {
	pace := &pace{BackOff: s.opts.Backoff()}
	var last error
	out, err := backoff.RetryWithData(func() (T, error) {
		try, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		out, err := op(try)
		last = err
		pace.hear(err)
		if err != nil && !transient(err) {
			return out, backoff.Permanent(err)
		}
		return out, err
	}, backoff.WithContext(pace, ctx))
	if err != nil {
		// What went wrong tells more than that ctx ended the waiting.
		return out, last
	}
	return out, nil
}

// pace is a backoff that waits at least as long as the server asked for.
type pace struct {
	backoff.BackOff
	hint time.Duration
}

func (p *pace) hear(err error) {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	p.hint = time.Duration(seconds) * time.Second
}

// NextBackOff implements backoff.BackOff.
func (p *pace) NextBackOff() time.Duration {
	next := p.BackOff.NextBackOff()
	if next == backoff.Stop || p.hint > longestHint {
		return backoff.Stop
	}
	return max(next, p.hint)
}

// sendAgain opts in to another try: the server refused the write, yet what is
// stored is as it was.
type sendAgain struct{ error }

func (e *sendAgain) Unwrap() error { return e.error }

// transient says that err opts in to a retry.
func transient(err error) bool {
	_, again := errors.AsType[*sendAgain](err)
	return again || apifailure.IsTransient(err)
}

// uncertain says that the request may have been applied although it failed.
func uncertain(err error) bool {
	if err == nil || apifailure.IsNotSent(err) || apierrors.IsTooManyRequests(err) {
		return false
	}
	return transient(err) || errors.Is(err, context.Canceled)
}
