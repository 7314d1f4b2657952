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
	// writeTimeout is how long one try of a write may take. A server under load
	// answers late, and a write whose try timed out may still be applied.
	writeTimeout = 45 * time.Second
	readTimeout  = 20 * time.Second
	// maxRetryAfter is the longest Retry-After that is honoured. With a longer
	// one the request is not retried.
	maxRetryAfter = 20 * time.Second
)

// newBackoff allows nine tries within twenty seconds.
func newBackoff() backoff.BackOff {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0.3),
		backoff.WithMaxInterval(3*time.Second),
		backoff.WithMaxElapsedTime(20*time.Second),
	)
	return backoff.WithMaxRetries(b, 8)
}

// retry calls op until it succeeds, fails with an error that is not retryable, or
// pace or ctx ends. Each try has its own timeout, so that a request without an
// answer is tried again. It returns the error of the last try.
func retry[T any](ctx context.Context, pace backoff.BackOff, timeout time.Duration, op func(context.Context) (T, error)) (T, error) {
	interval := &retryAfter{BackOff: pace}
	var last error
	out, err := backoff.RetryWithData(func() (T, error) {
		try, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		out, err := op(try)
		last = err
		interval.observe(err)
		if err != nil && !isRetryable(err) {
			return out, backoff.Permanent(err)
		}
		return out, err
	}, backoff.WithContext(interval, ctx))
	if err != nil {
		// The last try's error says more than that ctx ended the wait.
		return out, last
	}
	return out, nil
}

// retryAfter is a backoff that waits at least as long as the API server's last
// Retry-After.
type retryAfter struct {
	backoff.BackOff
	least time.Duration
}

func (r *retryAfter) observe(err error) {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	r.least = time.Duration(seconds) * time.Second
}

// NextBackOff implements backoff.BackOff.
func (r *retryAfter) NextBackOff() time.Duration {
	next := r.BackOff.NextBackOff()
	if next == backoff.Stop || r.least > maxRetryAfter {
		return backoff.Stop
	}
	return max(next, r.least)
}

// retryableError makes an error retryable: the server refused the write because
// of what was stored, but what is stored now does not stand in its way.
type retryableError struct{ error }

func (e *retryableError) Unwrap() error { return e.error }

// isRetryable reports whether the same request may succeed later. Retried are an
// answer that may pass (apifailure.IsTransient: the connection was lost, 429, 5xx)
// and a refusal which reading back showed to be out of date (resolveRefused in
// writes.go, where each write enters by writer.perform). Not retried are a real conflict, any other 4xx, a closed fence, and a
// Retry-After above maxRetryAfter.
func isRetryable(err error) bool {
	_, retryable := errors.AsType[*retryableError](err)
	return retryable || apifailure.IsTransient(err)
}

// mayBeApplied reports whether a write that failed with err may have been applied
// all the same.
func mayBeApplied(err error) bool {
	if err == nil || apifailure.IsNotSent(err) || apierrors.IsTooManyRequests(err) {
		return false
	}
	return isRetryable(err) || errors.Is(err, context.Canceled)
}
