//go:build cluster

package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// watches is a transport that reports each watch to began, after tamper changed its
// response.
type watches struct {
	next   http.RoundTripper
	tamper func(n int32, resp *http.Response)
	count  atomic.Int32
	began  chan struct{}
}

func (w *watches) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if req.URL.Query().Get("watch") == "" {
		return resp, err
	}
	n := w.count.Add(1)
	if err == nil && w.tamper != nil {
		w.tamper(n, resp)
	}
	w.began <- struct{}{}
	return resp, err
}

func watched(config *rest.Config, tamper func(int32, *http.Response)) (*rest.Config, *watches) {
	w := &watches{tamper: tamper, began: make(chan struct{}, 100)}
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	}
	return config, w
}

// drop ends the first watches at once.
func drop(times int32) func(int32, *http.Response) {
	return func(n int32, resp *http.Response) {
		if n <= times {
			_ = resp.Body.Close()
			resp.Body = io.NopCloser(http.NoBody)
		}
	}
}

func TestChanged(t *testing.T) {
	c := kubetest.Connect(t)
	for name, tc := range map[string]struct {
		rules   []string // none: the administrator
		tamper  func(int32, *http.Response)
		watches int // that begin before the change
		change  func(t *testing.T, s *storage, ns string)
	}{
		"created": {watches: 1, change: func(t *testing.T, s *storage, _ string) {
			must(t, s.Create(key("2"), mock("web", 2, release.StatusPendingUpgrade)))
		}},
		"deleted": {watches: 1, change: func(t *testing.T, s *storage, _ string) {
			must(t, second(s.Delete(key("1"))))
		}},
		"touched": {watches: 1, change: func(t *testing.T, _ *storage, ns string) {
			patchLabels(t, c, ns, Secrets, key("1"), `{"status":"failed"}`)
		}},
		"hidden": {watches: 1, change: func(t *testing.T, _ *storage, ns string) {
			patchLabels(t, c, ns, Secrets, key("1"), `{"name":null}`)
		}},
		"dropped": {tamper: drop(2), watches: 3, change: func(t *testing.T, _ *storage, ns string) {
			patchLabels(t, c, ns, Secrets, key("1"), `{"status":"failed"}`)
		}},
		"forbidden": {rules: []string{"get", "list"}, watches: 1, change: func(t *testing.T, _ *storage, ns string) {
			patchLabels(t, c, ns, Secrets, key("1"), `{"status":"failed"}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := c.Namespace(t)
			admin := open(t, c.Config(), ns, Secrets)
			must(t, admin.Create(key("1"), mock("web", 1, release.StatusDeployed)))
			config := c.Config()
			if tc.rules != nil {
				config = c.ServiceAccount(t, ns, "viewer", c.SecretRules(tc.rules...)...).Config
			}
			config, seen := watched(config, tc.tamper)
			s := open(t, config, ns, Secrets)
			records, err := s.Revisions(t.Context(), "web")
			if err != nil || len(records) != 1 {
				t.Fatalf("records %+v, %v", records, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- s.Changed(ctx, "web") }()
			for range tc.watches {
				<-seen.began
			}
			must(t, admin.Create("sh.helm.release.v1.api.v1", mock("api", 1, release.StatusDeployed))) // another's
			select {
			case err := <-done:
				t.Fatalf("returned before the change: %v", err)
			default:
			}
			tc.change(t, admin, ns)
			must(t, <-done)
		})
	}
}

// A change between the list and the watch is not missed, and one that nobody
// makes is waited for as long as ctx allows.
func TestChangedBeforeAndNever(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	must(t, second(s.Revisions(t.Context(), "web")))
	patchLabels(t, c, ns, Secrets, key("1"), `{"status":"failed"}`)
	must(t, s.Changed(t.Context(), "web"))

	why := errors.New("long enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, why)
	defer cancel()
	if err := s.Changed(ctx, "another"); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	account := c.ServiceAccount(t, ns, "nobody", c.SecretRules("get")...)
	if p := problem.Of(open(t, account.Config, ns, Secrets).Changed(t.Context(), "web")); p.Reason != problem.PermissionMissing {
		t.Errorf("got %v", p)
	}
}

// wire counts what a client receives.
type wire struct {
	received atomic.Int64
	dialer   net.Dialer
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.dialer.DialContext(ctx, network, address)
	return &counted{Conn: conn, wire: w}, err
}

type counted struct {
	net.Conn
	wire *wire
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.received.Add(int64(n))
	return n, err
}

// Lists read metadata alone, and a list of one release does not grow with the number
// of others (row T80 of docs/conformance.md).
func TestBytesOfTwoThousandRecords(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	fill(t, c, ns, 200, 10)
	w := &wire{}
	config := c.Config()
	config.Dial = w.dial
	s := open(t, config, ns, Secrets)
	for name, tc := range map[string]struct {
		limit int64
		call  func() int
	}{
		"names": {1 << 20, func() int {
			names, err := s.ReleasesIn(t.Context())
			must(t, err)
			return len(names) * 10
		}},
		"one release": {32 << 10, func() int {
			records, err := s.Revisions(t.Context(), "web7")
			must(t, err)
			return len(records) * 200
		}},
	} {
		before, began := w.received.Load(), time.Now()
		count := tc.call()
		bytes, took := w.received.Load()-before, time.Since(began)
		t.Logf("%s: %d bytes in %s", name, bytes, took)
		if count != 2000 || bytes > tc.limit {
			t.Errorf("%s: %d records, %d bytes", name, count, bytes)
		}
	}
}

// fill makes records as the store makes them.
func fill(t *testing.T, c *kubetest.Cluster, ns string, releases, revisions int) {
	t.Helper()
	s := open(t, c.Config(), ns, Secrets)
	slots := make(chan struct{}, 16)
	errs := make([]error, releases)
	var all sync.WaitGroup
	for i := range releases {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			name := fmt.Sprintf("web%d", i)
			for revision := 1; revision <= revisions && errs[i] == nil; revision++ {
				rls := mock(name, revision, release.StatusSuperseded)
				rls.Manifest += noise(4 << 10)
				errs[i] = s.Create(Key(name, revision), rls)
			}
		})
	}
	all.Wait()
	if at := slices.IndexFunc(errs, func(err error) bool { return err != nil }); at >= 0 {
		t.Fatal(errs[at])
	}
	// One that is hidden is found among them all the same.
	must(t, second(c.Client().CoreV1().Secrets(ns).Patch(t.Context(), Key("web7", 3), "application/merge-patch+json",
		[]byte(`{"metadata":{"labels":{"name":null}}}`), metav1.PatchOptions{})))
}
