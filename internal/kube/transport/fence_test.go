package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/apifailure"
)

var errInterrupted = errors.New("interrupted by SIGINT")

const testTimeout = 10 * time.Second // bounds every wait

func withTimeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// serve starts a TLS server that speaks HTTP/2 and returns a config for it whose
// requests pass a Transport.
func serve(t *testing.T, handler http.HandlerFunc) *rest.Config {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	at, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	base := New(srv.Client().Transport, at, testTimeout, t.Logf)
	t.Cleanup(func() { utilnet.CloseIdleConnectionsFor(base) })
	return &rest.Config{Host: srv.URL, Transport: base}
}

// behind returns clients behind a fence.
func behind(t *testing.T, config *rest.Config, f *Fence) (*kubernetes.Clientset, *http.Client) {
	t.Helper()
	config = rest.CopyConfig(config)
	config.Transport = Fenced(config.Transport, f)
	plain, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := kubernetes.NewForConfigAndClient(config, plain)
	if err != nil {
		t.Fatal(err)
	}
	return typed, plain
}

// signal returns a channel and a function that closes it, at most once.
func signal() (<-chan struct{}, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	return ctx.Done(), cancel
}

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(testTimeout):
		t.Fatalf("waited in vain: %s", what)
	}
}

func wantFenced(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, apifailure.ErrFenced) || !errors.Is(err, errInterrupted) || !strings.Contains(err.Error(), "SIGINT") {
		t.Errorf("got %v, want it fenced for the reason", err)
	}
}

func TestClosedFenceRefuses(t *testing.T) {
	asked := make(chan string, 10)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { asked <- r.Method })
	f := NewFence(t.Context())
	typed, _ := behind(t, c, f)

	f.Close(errInterrupted)
	f.Close(errors.New("a later reason"))
	_, err := typed.CoreV1().Secrets("ns").Get(withTimeout(t), "s", metav1.GetOptions{})
	wantFenced(t, err)
	_, err = typed.CoreV1().Secrets("ns").Create(withTimeout(t), &corev1.Secret{}, metav1.CreateOptions{})
	wantFenced(t, err)
	if len(asked) > 0 {
		t.Errorf("the server was asked: %s", <-asked)
	}
	other, _ := behind(t, c, NewFence(t.Context()))
	if err := other.CoreV1().RESTClient().Get().AbsPath("/x").Do(withTimeout(t)).Error(); err != nil {
		t.Errorf("another operation is not fenced: %v", err)
	}
}

func TestFenceCutsAWatch(t *testing.T) {
	gone, isGone := signal()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		isGone()
	})
	f := NewFence(t.Context())
	_, plain := behind(t, c, f)
	resp, err := plain.Get(c.Host + "/api/v1/pods?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	f.Close(errInterrupted)
	_, err = resp.Body.Read(first)
	wantFenced(t, err)
	await(t, "the server sees the watch end", gone)
}

func TestFenceCutsAReadThatWaits(t *testing.T) {
	arrived, arrive := signal()
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { arrive(); <-r.Context().Done() })
	f := NewFence(t.Context())
	_, plain := behind(t, c, f)
	go func() { <-arrived; f.Close(errInterrupted) }()
	resp, err := plain.Get(c.Host + "/api/v1/pods")
	if err == nil {
		resp.Body.Close()
	}
	wantFenced(t, err)
}

func TestFenceDrainsAWrite(t *testing.T) {
	arrived, arrive := signal()
	answer, goOn := signal()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		arrive()
		<-answer
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"stored"}}`)
	})
	t.Cleanup(goOn)
	f := NewFence(t.Context())
	typed, _ := behind(t, c, f)

	type outcome struct {
		stored *corev1.Secret
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		s, err := typed.CoreV1().Secrets("ns").Create(context.Background(), &corev1.Secret{}, metav1.CreateOptions{})
		done <- outcome{s, err}
	}()
	await(t, "the write arrives", arrived)
	f.Close(errInterrupted)
	if n := f.inFlight(); n != 1 {
		t.Errorf("%d writes under way, want 1", n)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Drain(over); !errors.Is(err, context.Canceled) {
		t.Errorf("drain with no time left: %v", err)
	}
	goOn()
	if err := f.Drain(withTimeout(t)); err != nil {
		t.Fatal(err)
	}
	if o := <-done; o.err != nil || o.stored.Name != "stored" {
		t.Errorf("the write was to end in peace: %v", o.err)
	}
	if n := f.inFlight(); n != 0 {
		t.Errorf("%d writes under way, want none", n)
	}
}

func TestFenceClosesByItself(t *testing.T) {
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	past, cancelPast := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelPast()
	tests := []struct {
		name  string
		fence *Fence
		want  error
	}{
		{"context cancelled", NewFence(cancelled), errInterrupted},
		{"deadline passed", NewFence(past), context.DeadlineExceeded},
		{"guard", NewFence(t.Context(), func() error { return errInterrupted }), errInterrupted},
		{"open", NewFence(t.Context(), func() error { return nil }), nil},
	}
	for _, tt := range tests {
		err := tt.fence.enter(false)
		if !errors.Is(err, tt.want) || (tt.want != nil) != errors.Is(err, apifailure.ErrFenced) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if !errors.Is(tt.fence.Err(), tt.want) {
			t.Errorf("%s: Err: %v", tt.name, tt.fence.Err())
		}
	}
}

func TestFenceClosesWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	f := NewFence(ctx)
	cancel(errInterrupted)
	await(t, "the fence closes", f.ctx.Done())
	wantFenced(t, f.Err())
}
