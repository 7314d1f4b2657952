package platformapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve returns a client of an API on loopback, and its address.
func serve(t *testing.T, l Limits, answer http.HandlerFunc) (*http.Client, string) {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	return NewClient(server.URL+"/api", server.Client().Transport, l), server.URL
}

func get(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return string(data), err
}

func TestATokenGoesToOneHost(t *testing.T) {
	asked := 0
	client, base := serve(t, Limits{Time: time.Minute, Bytes: 1 << 10}, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}
	})
	for _, address := range []string{
		"http" + strings.TrimPrefix(base, "https") + "/", "https://127.0.0.1:1/", "https://localhost" + base[strings.LastIndex(base, ":"):] + "/",
		base + "@evil.example/", "https://evil.example/",
	} {
		if _, err := get(t, client, address); err == nil || asked > 0 {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := get(t, client, base+"/away"); err != nil || asked != 1 {
		t.Errorf("a redirect is followed: %v", err)
	}
	none := NewClient("", http.DefaultTransport, Limits{Time: time.Minute, Bytes: 10})
	if _, err := get(t, none, base); err == nil {
		t.Error("it is asked whoever there is")
	}
}

func TestAnswersHaveBounds(t *testing.T) {
	client, base := serve(t, Limits{Time: time.Minute, Bytes: 10}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.RawQuery))
	})
	if body, err := get(t, client, base+"/?1234567890"); err != nil || body != "1234567890" {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := get(t, client, base+"/?12345678901"); !errors.Is(err, errTooLong) || len(body) != 10 {
		t.Errorf("%q, %v", body, err)
	}
	hangs := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	slow, base := serve(t, Limits{Time: 10 * time.Millisecond, Bytes: 10}, hangs)
	_, err := Send(t.Context(), slow, Request{Method: http.MethodGet, Address: base})
	if err == nil || err.Error() != "it did not answer in time" {
		t.Errorf("it says %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Send(cancelled, slow, Request{Method: http.MethodGet, Address: base}); err == nil {
		t.Error("a cancelled request is sent")
	}
}

func TestOneStatusAlone(t *testing.T) {
	client, base := serve(t, Limits{Time: time.Minute, Bytes: 1 << 10}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("[]"))
	})
	for only, want := range map[int]string{0: "", http.StatusAccepted: "", http.StatusOK: "it answered 202"} {
		_, err := Send(t.Context(), client, Request{Method: http.MethodGet, Address: base, Answer: &[]int{}, Status: only})
		if err != nil && err.Error() != want || (err == nil) != (want == "") {
			t.Errorf("%d: %v", only, err)
		}
	}
}

func TestRefusal(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, r := range map[string]Refusal{
		"it answered 403": {Status: 403},
		"it answered 429, since the token's rate limit is used up":                            {Status: 429, Limited: true},
		"it answered 403, since the token's rate limit is used up until 2026-01-02T03:04:05Z": {Status: 403, Limited: true, Until: at},
	} {
		if got := r.Error(); got != want || r.Denied() != (want == "it answered 403") {
			t.Errorf("%q, denied %t", got, r.Denied())
		}
	}
}
