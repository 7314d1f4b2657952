package lease

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

func TestAcquireAndRelease(t *testing.T) {
	ctx, client := t.Context(), fake.NewClientset()
	o := Options{Namespace: "ns", Release: "web", Holder: "run 1", Run: "r1", Renewable: true}
	first, err := Acquire(ctx, client, o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Found().State != facts.LockAbsent || !first.Live(time.Second) {
		t.Errorf("found %+v, live %t", first.Found(), first.Live(time.Second))
	}
	o.Holder = "run 2"
	var held *HeldError
	if _, err := Acquire(ctx, client, o); !errors.As(err, &held) || held.Holder != "run 1" {
		t.Errorf("a second holder: %v", err)
	}
	want := facts.Attempt{Run: "r1", Revision: 2, Outcome: "deployed"}
	if err := first.Release(ctx, want); err != nil {
		t.Fatal(err)
	}
	second, err := Acquire(ctx, client, o)
	if err != nil {
		t.Fatal(err)
	}
	if found := second.Found(); found.State != facts.LockEnded || found.Attempt != want {
		t.Errorf("found %+v, want it ended with %+v", found, want)
	}
	if err := second.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	if lock, err := Read(ctx, client, "ns", "web", time.Now()); err != nil || lock.State != facts.LockAbsent {
		t.Errorf("removed: %+v, %v", lock, err)
	}
}

func TestAcquireRefused(t *testing.T) {
	leases := schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	terminating := apierrors.NewForbidden(leases, "l", errors.New("it is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	var p *problem.Problem
	tests := map[string]struct {
		answer error
		is     func(error) bool
	}{
		"denied":      {apierrors.NewForbidden(leases, "l", nil), func(err error) bool { return errors.Is(err, ErrUnusable) }},
		"terminating": {terminating, func(err error) bool { return errors.As(err, &p) && p.Reason == problem.NamespaceTerminating }},
		"invalid":     {apierrors.NewBadRequest("no"), apierrors.IsBadRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			client.PrependReactor("create", "leases", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, tt.answer })
			_, err := Acquire(t.Context(), client, Options{Namespace: "ns", Release: "web", Holder: "run 1"})
			if !tt.is(err) || errors.Is(err, ErrUnusable) != (name == "denied") {
				t.Errorf("got %v", err)
			}
		})
	}
}
