package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// held answers every request once its channel is closed, and counts how many wait for that.
type held struct {
	open       chan struct{}
	now, most  atomic.Int32
	sent, read atomic.Int32
}

func (h *held) RoundTrip(*http.Request) (*http.Response, error) {
	h.sent.Add(1)
	if now := h.now.Add(1); now > h.most.Load() {
		h.most.Store(now)
	}
	<-h.open
	h.now.Add(-1)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func request(ctx context.Context, t *testing.T, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "https://server"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What has little time waits for nobody.
func TestWithoutLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &held{open: make(chan struct{})}
		limited := NewLimit(2).Before(server)
		for _, ctx := range []context.Context{t.Context(), t.Context(), WithoutLimit(t.Context())} {
			go func() {
				resp, err := limited.RoundTrip(request(ctx, t, http.MethodGet, "/api/v1/namespaces/review/secrets/a"))
				if err == nil {
					_ = resp.Body.Close()
				}
			}()
		}
		synctest.Wait()
		if got := server.sent.Load(); got != 2 {
			t.Errorf("%d were sent, want one that had its turn and one that needs none", got)
		}
		close(server.open)
		synctest.Wait()
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &held{open: make(chan struct{})}
		rt := NewLimit(4).Before(next)
		for range 10 {
			go func() {
				resp, err := rt.RoundTrip(request(t.Context(), t, http.MethodGet, "/api/v1/pods"))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.ReadAll(resp.Body)
				next.read.Add(1)
			}()
		}
		synctest.Wait()
		if next.sent.Load() != 3 {
			t.Errorf("%d requests were sent at the same time", next.sent.Load())
		}
		close(next.open)
		synctest.Wait()
		if next.read.Load() != 10 || next.most.Load() > 3 {
			t.Errorf("%d were answered, at most %d at the same time", next.read.Load(), next.most.Load())
		}
	})
}

// A write that has to wait is not sent much later than it was meant to be, and a watch takes no
// turn while it goes on.
func TestLimitWritesAndWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &held{open: make(chan struct{})}
		rt := NewLimit(2).Before(next)
		watching := make(chan *http.Response)
		go func() {
			resp, _ := rt.RoundTrip(request(t.Context(), t, http.MethodGet, "/api/v1/pods?watch=true"))
			watching <- resp
		}()
		synctest.Wait()
		began := time.Now()
		_, err := rt.RoundTrip(request(t.Context(), t, http.MethodDelete, "/api/v1/namespaces/review"))
		if err == nil || !strings.Contains(err.Error(), "it was not sent") || time.Since(began) != writeWait {
			t.Errorf("a write behind a held request: %v after %s", err, time.Since(began))
		}
		go func() {
			_, err := rt.RoundTrip(request(t.Context(), t, http.MethodPut, "/apis/coordination.k8s.io/v1/namespaces/review/leases/berth-shop"))
			if err != nil {
				t.Errorf("a lock's renewal: %v", err)
			}
		}()
		synctest.Wait()
		if next.now.Load() != 2 {
			t.Error("a lock's renewal waits for its turn")
		}
		asked := make(chan error)
		go func() {
			resp, err := rt.RoundTrip(request(t.Context(), t, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
			if err == nil {
				_ = resp.Body.Close()
			}
			asked <- err
		}()
		time.Sleep(2 * writeWait) // of the bubble's own clock
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := rt.RoundTrip(request(ctx, t, http.MethodGet, "/api/v1/pods")); err == nil {
			t.Error("a read whose context has ended was sent")
		}
		close(next.open)
		watch := <-watching
		if err := <-asked; err != nil {
			t.Errorf("a question that waited long: %v", err)
		}
		if _, err := rt.RoundTrip(request(t.Context(), t, http.MethodDelete, "/api/v1/namespaces/review")); err != nil {
			t.Errorf("a write beside a watch: %v", err)
		}
		_ = watch.Body.Close()
	})
}

func TestNoLimit(t *testing.T) {
	next := &held{open: make(chan struct{})}
	if rt := NewLimit(0).Before(next); rt != http.RoundTripper(next) {
		t.Error("a limit of 0 stands before the requests")
	}
}
