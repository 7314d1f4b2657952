package platformapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Refusal is an answer that is no success. It quotes nothing of the answer, since that is
// untrusted.
type Refusal struct {
	Status  int
	Limited bool      // the rate limit is used up
	Until   time.Time // when it is not any more; zero where the answer does not tell
}

// Error implements error.
func (r *Refusal) Error() string {
	switch {
	case !r.Limited:
		return fmt.Sprintf("it answered %d", r.Status)
	case r.Until.IsZero():
		return fmt.Sprintf("it answered %d, since the token's rate limit is used up", r.Status)
	}
	return fmt.Sprintf("it answered %d, since the token's rate limit is used up until %s", r.Status, r.Until.UTC().Format(time.RFC3339))
}

// Denied reports whether another token, or one with more rights, may get another answer.
func (r *Refusal) Denied() bool {
	switch r.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return !r.Limited
	}
	return false
}

// Request is one request to an API that speaks JSON.
type Request struct {
	Method  string
	Address string
	Header  http.Header // contains the token
	Body    any         // nil: none
	Answer  any         // what the answer is read into; nil: it is not read
	Status  int         // of the only answer that is a success; 0: all from 200 to 299 are
}

// Send sends a request and returns the header of the answer. An answer that is no success
// is a *Refusal.
func Send(ctx context.Context, client *http.Client, r Request) (http.Header, error) {
	body := io.Reader(http.NoBody)
	if r.Body != nil {
		data, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.Address, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(request.Header, r.Header)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, unanswered(err)
	}
	defer func() { _ = response.Body.Close() }()
	if got := response.StatusCode; got < 200 || got > 299 || r.Status != 0 && got != r.Status {
		return nil, Refused(response)
	}
	if r.Answer == nil {
		return response.Header, nil
	}
	if err := json.NewDecoder(response.Body).Decode(r.Answer); err != nil {
		return nil, unread(err)
	}
	return response.Header, nil
}

// unanswered returns why a request has no answer, without its address.
func unanswered(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.Canceled) {
		return errors.New("it did not answer in time")
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return unread(err)
}

func unread(err error) error { return fmt.Errorf("read its answer: %w", err) }

// Refused reads what an answer that is no success says of the rate limit. GitHub answers 403
// with these headers, too, where it is used up.
// https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func Refused(response *http.Response) *Refusal {
	header, status := response.Header, response.StatusCode
	r := &Refusal{Status: status, Limited: status == http.StatusTooManyRequests ||
		status == http.StatusForbidden && (header.Get("X-RateLimit-Remaining") == "0" || header.Get("Retry-After") != "")}
	for _, name := range []string{"RateLimit-Reset", "X-RateLimit-Reset"} {
		if at, err := strconv.ParseInt(header.Get(name), 10, 64); err == nil && r.Limited && at > 0 {
			r.Until = time.Unix(at, 0)
		}
	}
	return r
}
