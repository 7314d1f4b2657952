package kube

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

func TestTrafficIsCounted(t *testing.T) {
	answers := map[string]string{
		"GET":    `{"kind":"Secret","apiVersion":"v1"}`,
		"POST":   `{"kind":"Secret","apiVersion":"v1","data":{}}`,
		"DELETE": `{"kind":"Status","apiVersion":"v1"}`,
	}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answers[r.Method])
	}, func(o *Options) { o.Server += "/k8s/clusters/one" })

	core := c.Clientset().CoreV1().RESTClient()
	for range 2 {
		core.Get().Namespace("n").Resource("secrets").Name("s").Do(withTimeout(t))
	}
	core.Post().Namespace("n").Resource("secrets").Body([]byte("1234567")).Do(withTimeout(t))
	core.Delete().Namespace("n").Resource("secrets").Name("s").Do(withTimeout(t))

	want := []result.Requests{
		{Verb: "create", Resource: "secrets", Count: 1, Sent: 7, Received: int64(len(answers["POST"]))},
		{Verb: "delete", Resource: "secrets", Count: 1, Received: int64(len(answers["DELETE"]))},
		{Verb: "get", Resource: "secrets", Count: 2, Received: 2 * int64(len(answers["GET"]))},
	}
	if diff := cmp.Diff(want, c.Traffic()); diff != "" {
		t.Error(diff)
	}
}

func TestClientsShareOneConnection(t *testing.T) {
	var dials atomic.Int32
	var agents sync.Map
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agents.Store(r.UserAgent()+" "+r.Header.Get("Authorization"), true)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1"}`)
	}, countDials(&dials))
	getter := c.Getter("n", transport.NewFence(t.Context()))
	for range 20 { // as Helm does, one client an object
		config, err := getter.ToRESTConfig()
		if err != nil {
			t.Fatal(err)
		}
		if config.BearerToken != "" || config.CAData != nil || config.QPS > 0 {
			t.Fatal("the config holds credentials or a limit of its own")
		}
		config.GroupVersion, config.APIPath = &schema.GroupVersion{Group: "x", Version: "v1"}, "/apis"
		config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		client, err := rest.RESTClientFor(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Get().AbsPath("/apis/x/v1/things/one").Do(withTimeout(t)).Error(); err != nil {
			t.Fatal(err)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	agents.Range(func(k, _ any) bool {
		if k != "berth/test Bearer s3cret" {
			t.Errorf("sent as %q", k)
		}
		return true
	})
}

func TestSilentServerIsGivenUp(t *testing.T) {
	stop, release := signal()
	c := serve(t, func(_ http.ResponseWriter, _ *http.Request) { <-stop },
		func(o *Options) { o.RequestTimeout = 50 * time.Millisecond })
	t.Cleanup(release)
	_, err := c.Version(withTimeout(t))
	if p := problem.Of(apifailure.Classify(err, "ask")); p.Reason != problem.Unanswered || !strings.Contains(p.Error(), "within 50ms") {
		t.Errorf("got %s: %v", p.Reason, p)
	}
}

func TestUnreachableServers(t *testing.T) {
	defer CaptureLogs(func(string) {})()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewServer(nil)
	defer plain.Close()
	// The port of a connection from here is taken, and nobody listens on it.
	outgoing, err := net.Dial("tcp", plain.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer outgoing.Close()
	for name, o := range map[string]Options{
		"refused":        {Server: "https://" + outgoing.LocalAddr().String(), CA: authority(untrusted)},
		"not trusted":    {Server: untrusted.URL},
		"does not speak": {Server: "https://" + plain.Listener.Addr().String()},
	} {
		c, err := Connect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Mapper(withTimeout(t))
		if p := problem.Of(apifailure.Classify(err, "ask")); p == nil || p.Reason != problem.Unanswered || !strings.Contains(p.Error(), name) {
			t.Errorf("%s: got %v", name, p)
		}
	}
}

func TestWarningsComeOnceAndServerTimeIsKnown(t *testing.T) {
	var warned []string
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Warning", `299 - "policy/v1beta1 is deprecated"`)
		w.Header().Set("Date", "Wed, 02 Jan 2030 03:04:05 GMT")
		_, _ = io.WriteString(w, `{"gitVersion":"v1.36.0"}`)
	}, func(o *Options) { o.Warn = func(s string) { warned = append(warned, s) } })
	if _, ok := c.ServerTime(); ok {
		t.Error("the server's time is known before it answered")
	}
	for range 2 {
		c.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").Do(withTimeout(t))
	}
	if !slices.Equal(warned, []string{"policy/v1beta1 is deprecated"}) {
		t.Errorf("warned of %q", warned)
	}
	if now, ok := c.ServerTime(); !ok || now.Year() != 2030 {
		t.Errorf("the server's time is %v", now)
	}
}

// readTries is how often package transport sends a read.
const readTries = 4

func TestVersionIsAskedForOnce(t *testing.T) {
	var asked atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= readTries {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"gitVersion":"v1.36.0"}`)
	})
	if _, err := c.Version(withTimeout(t)); problem.Of(apifailure.Classify(err, "")).Reason != problem.Unanswered {
		t.Errorf("got %v", err)
	}
	typed, _ := behind(t, c, transport.NewFence(t.Context()))
	for _, ask := range []func() error{
		func() error { _, err := c.Version(withTimeout(t)); return err },
		func() error { _, err := c.discovery.ServerVersion(); return err },
		func() error { _, err := typed.Discovery().ServerVersion(); return err },
	} {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != readTries+1 {
		t.Errorf("asked %d times, want one more than one read is tried", n)
	}
}

func TestWhoamiRefused(t *testing.T) {
	var code atomic.Int32
	code.Store(http.StatusForbidden)
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(code.Load())) })
	if name, err := c.Whoami(withTimeout(t)); err != nil || name != "" {
		t.Errorf("got %q, %v", name, err)
	}
	code.Store(http.StatusUnauthorized)
	if _, err := c.Whoami(withTimeout(t)); problem.Of(apifailure.Classify(err, "")).Reason != problem.PermissionMissing ||
		errors.Is(err, apifailure.ErrFenced) {
		t.Errorf("got %v", err)
	}
}
