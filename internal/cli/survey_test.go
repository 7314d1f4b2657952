package cli

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/kube"
)

// A namespace may hold ten thousand apps: of those that a sweep does not take down right now, nothing
// is read again.
func TestRereadReadsOneReleaseAlone(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		mu.Lock()
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/api/v1")+" "+q.Get("labelSelector")+" "+q.Get("fieldSelector"))
		mu.Unlock()
		kind, item := `"meta.k8s.io/v1","kind":"PartialObjectMetadataList"`, ""
		switch {
		case strings.HasSuffix(r.URL.Path, "/leases"):
			kind = `"coordination.k8s.io/v1","kind":"LeaseList"`
		case strings.HasSuffix(r.URL.Path, "/secrets") && strings.Contains(q.Get("labelSelector"), "!name"):
			item = `{"metadata":{"namespace":"reviews","name":"sh.helm.release.v1.shop-a.v2","uid":"2","labels":{"berth.dev/identity":"i"}}}`
		case strings.HasSuffix(r.URL.Path, "/secrets"):
			item = `{"metadata":{"namespace":"reviews","name":"sh.helm.release.v1.shop-a.v1","uid":"1",` +
				`"labels":{"berth.dev/identity":"i","name":"shop-a","status":"deployed"}}}`
		case strings.HasSuffix(r.URL.Path, "/namespaces/reviews"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"reviews","uid":"3"}}`))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"apiVersion":` + kind + `,"metadata":{"resourceVersion":"1"},"items":[` + item + `]}`))
	}))
	defer server.Close()
	conn, err := kube.Connect(t.Context(), kube.Options{Server: server.URL, Token: "token",
		CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	app, there, err := sweepCluster{conn: conn, kind: record.Secrets}.Reread(t.Context(), fleet.App{Namespace: "reviews", Release: "shop-a"})
	if err != nil || !there || app.Revision != 2 {
		t.Errorf("got %+v, %t, %v", app, there, err)
	}
	slices.Sort(asked)
	want := []string{
		"/apis/coordination.k8s.io/v1/namespaces/reviews/leases app.kubernetes.io/managed-by=berth metadata.name=berth-shop-a",
		"/namespaces/reviews  ",
		"/namespaces/reviews/secrets berth.dev/identity,!name type=helm.sh/release.v1",
		"/namespaces/reviews/secrets berth.dev/identity,name in (,shop-a) type=helm.sh/release.v1",
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
}
