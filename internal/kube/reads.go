package kube

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

// reads sends a read again whose answer was lost, or was that the server is
// not well right now. Writes are never sent again from here: only the record
// store can tell whether one was applied. client-go repeats by itself what the
// server gave a Retry-After for, and nothing else.
type reads struct {
	next http.RoundTripper
	log  func(format string, args ...any)
}

// RoundTrip implements http.RoundTripper.
func (r *reads) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || requestinfo.IsWatch(req.URL.Query()) {
		return r.next.RoundTrip(req)
	}
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(time.Second))
	for try := 1; ; try++ {
		resp, err := r.next.RoundTrip(req)
		why := unwell(resp, err)
		if why == "" || try == readTries || req.Context().Err() != nil {
			return resp, err
		}
		r.log("%s %s: try %d: %s", req.Method, req.URL.Path, try, why)
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

// WrappedRoundTripper lets the idle connections underneath be found.
func (r *reads) WrappedRoundTripper() http.RoundTripper { return r.next }

// unwell says why a read is worth sending again, or nothing. A server that kept
// silent for as long as we wait is not asked for the same once more.
func unwell(resp *http.Response, err error) string {
	var tooLong *silence
	switch {
	case errors.As(err, &tooLong):
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
