package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
)

// A lock that is about to run out stops the operation for good, and not what a wait
// reads: the lock may be renewed at the last moment, and the wait has to go on.
func TestAWaitOutlivesALockRenewedLate(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}})
	}))
	t.Cleanup(srv.Close)
	conn, err := kube.Connect(t.Context(), kube.Options{Server: srv.URL, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	held, err := lease.Acquire(t.Context(), fake.NewClientset(), lease.Options{Namespace: "shop", Release: "web", Duration: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	lock := &locker{conn: conn, options: lease.Options{Duration: time.Hour}} // whose margin is longer than the lock lasts
	lock.held.Store(held)
	opened, err := backends{conn: conn, target: target{App: app.App{Namespace: "shop"}}, lock: lock}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Core.Pods("shop").List(t.Context(), metav1.ListOptions{}); !errors.Is(err, apifailure.ErrFenced) {
		t.Errorf("the operation goes on: %v", err)
	}
	reads, _, err := opened.Waiter.(waiter).getter.Clients()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reads.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the wait reads nothing any more: %v", err)
	}
}
