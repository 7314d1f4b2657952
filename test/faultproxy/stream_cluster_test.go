//go:build cluster

package faultproxy_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/test/faultproxy"
)

const patience = 10 * time.Second

// next is the watch's next event; not ok when the watch ended.
func next(t *testing.T, w watch.Interface) (event watch.Event, ok bool) {
	t.Helper()
	select {
	case event, ok = <-w.ResultChan():
		return event, ok
	case <-time.After(patience):
		t.Fatal("the watch says nothing")
		return event, false
	}
}

func (b *bench) watch(t *testing.T) watch.Interface {
	t.Helper()
	w, err := b.through.CoreV1().ConfigMaps(b.namespace).Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=seen"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// Each event of a watch comes when it happens, and the watch ends when the
// server goes away. What comes after Up works with the client from before.
func TestWatchAndOutage(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		w := b.watch(t)
		maps := b.Client().CoreV1().ConfigMaps(b.namespace)
		object, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "seen"}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if event, _ := next(t, w); event.Type != watch.Added {
			t.Errorf("the first event is %v", event)
		}
		object.Data = map[string]string{"a": "b"}
		if _, err := maps.Update(t.Context(), object, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if event, _ := next(t, w); event.Type != watch.Modified {
			t.Errorf("the second event is %v", event)
		}

		for range 2 {
			b.proxy.Down()
			b.proxy.Down() // changes nothing
		}
		if event, ok := next(t, w); ok && event.Type != watch.Error {
			t.Errorf("the watch goes on with %v", event)
		}
		before := b.proxy.Count()
		if err := b.createAtOnce(t); !utilnet.IsConnectionRefused(err) {
			t.Errorf("while down: %v", err)
		}
		if got := b.proxy.Count(); got != before {
			t.Errorf("%d requests while down", got-before)
		}
		b.proxy.Up()
		b.proxy.Up()
		if err := b.createAtOnce(t); err != nil {
			t.Errorf("after the outage: %v", err)
		}
		b.watch(t)
	})
}

// createAtOnce makes the ConfigMap with the first request.
func (b *bench) createAtOnce(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "made"}}
	_, err := b.through.CoreV1().ConfigMaps(b.namespace).Create(ctx, object, metav1.CreateOptions{})
	return err
}

// A callback may take the server down: before the write it is never applied,
// after it the answer is lost.
func TestDownInACallback(t *testing.T) {
	tests := []struct {
		name    string
		fault   func(func(faultproxy.Request)) faultproxy.Fault
		created bool
	}{
		{"before", faultproxy.Call, false},
		{"after", faultproxy.CallAfter, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, b *bench) {
				b.proxy.On(creation, tt.fault(func(faultproxy.Request) { b.proxy.Down(); b.proxy.Up() }))
				if err := b.create(t); err == nil {
					t.Error("the client got an answer")
				}
				if got := b.created(t); got != tt.created {
					t.Errorf("stored: %v, want %v", got, tt.created)
				}
			})
		})
	}
}

// A read that its client gives up ends alone: what else goes over the HTTP/2
// connection goes on.
func TestOneReadGivenUp(t *testing.T) {
	b := newBench(t)
	w := b.watch(t)
	for range 5 {
		ctx, giveUp := context.WithCancel(t.Context())
		returned := make(chan struct{})
		b.proxy.On(faultproxy.Match{Verb: "list", Times: 1}, faultproxy.Call(func(faultproxy.Request) { giveUp(); <-returned }))
		if _, err := b.through.CoreV1().ConfigMaps(b.namespace).List(ctx, metav1.ListOptions{}); err == nil {
			t.Error("the client got an answer")
		}
		close(returned)
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "seen"}}
	if _, err := b.Client().CoreV1().ConfigMaps(b.namespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if event, _ := next(t, w); event.Type != watch.Added {
		t.Errorf("the watch says %v", event)
	}
}

// A request that hangs in the proxy ends with the test.
func TestStop(t *testing.T) {
	ended := make(chan error, 1)
	t.Run("hanging", func(t *testing.T) {
		b := newBench(t)
		rule := b.proxy.On(faultproxy.Match{Verb: "list"}, faultproxy.Blackhole())
		go func() {
			_, err := b.through.CoreV1().ConfigMaps(b.namespace).List(context.Background(), metav1.ListOptions{})
			ended <- err
		}()
		<-rule.Reached()
	})
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the request got an answer")
		}
	case <-time.After(patience):
		t.Error("the request still hangs")
	}
}

// The protocol is the one that was asked for, and a big answer that the server
// compresses arrives as the client reads it.
func TestProtocol(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		client, err := rest.HTTPClientFor(b.proxy.Config(t, b.Config()))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Get(b.proxy.Config(t, b.Config()).Host + "/openapi/v2")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || len(body) < 100_000 || body[0] != '{' {
			t.Errorf("%s, %d bytes, %v", answer.Status, len(body), err)
		}
		want := 2
		if t.Name()[len(t.Name())-1] == '1' {
			want = 1
		}
		if answer.ProtoMajor != want {
			t.Errorf("the protocol is %s", answer.Proto)
		}
	})
}
