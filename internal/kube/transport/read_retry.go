package transport

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/requestinfo"
)

// readTries is how often a read is sent at most.
const readTries = 4

// readRetry sends a read again that failed for a moment.
type readRetry struct {
	next http.RoundTripper
	log  func(format string, args ...any)
}

// RetryReads returns a RoundTripper over next that sends a GET up to four times
// while its answer is lost or says that the server is not well. client-go repeats
// by itself only what the server gave a Retry-After for, which is left to it, as
// is a watch.
//
// Writes are never sent again from here: only their caller can tell whether one
// was applied.
func RetryReads(next http.RoundTripper, log func(string, ...any)) http.RoundTripper {
	return &readRetry{next: next, log: log}
}

// RoundTrip implements http.RoundTripper.
func (r *readRetry) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || requestinfo.IsWatch(req.URL.Query()) {
		return r.next.RoundTrip(req)
	}
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(time.Second))
	for try := 1; ; try++ {
		resp, err := r.next.RoundTrip(req)
		reason := retryReason(resp, err)
		if reason == "" || try == readTries || req.Context().Err() != nil {
			return resp, err
		}
		r.log("%s %s: try %d: %s", req.Method, req.URL.Path, try, reason)
		pause := time.NewTimer(pauses.NextBackOff())
		select {
		case <-req.Context().Done():
			pause.Stop()
			return resp, err
		case <-pause.C:
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (r *readRetry) WrappedRoundTripper() http.RoundTripper { return r.next }

// retryReason returns why a read is worth sending again, or "". A server that
// did not answer within the whole timeout is not asked once more, nor is a host
// that does not exist.
func retryReason(resp *http.Response, err error) string {
	var timedOut *responseTimeout
	switch {
	case errors.As(err, &timedOut):
		return ""
	case err != nil && apifailure.IsTransient(err) && !apifailure.IsUnknownHost(err):
		return err.Error()
	case err != nil || resp.Header.Get("Retry-After") != "":
		return ""
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError:
		return fmt.Sprintf("status %d", resp.StatusCode)
	}
	return ""
}
