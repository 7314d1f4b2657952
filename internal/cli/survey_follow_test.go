package cli

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/kube/lease"
	kubesurvey "github.com/berth-dev/berth/internal/kube/survey"
	"github.com/berth-dev/berth/internal/ownership"
)

// leased is a release with a lock that a run holds, and the API server that has it.
type leased struct {
	survey
	client  *fake.Clientset
	lease   *coordinationv1.Lease
	renewed time.Time
	away    atomic.Bool                          // it answers nothing, and what it is asked fails in the end
	unheard atomic.Pointer[coordinationv1.Lease] // as it was renewed while the API server was away; nil: it was not
}

func newLeased(t *testing.T, status string) *leased {
	t.Helper()
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	meta := metadatafake.NewSimpleMetadataClient(scheme, &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sh.helm.release.v1.web.v1",
			Labels: map[string]string{"owner": "helm", "name": "web", "version": "1", "status": status}},
	})
	holder, seconds, renewed := "a run", int32(30), metav1.NowMicro()
	lock := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: lease.Name("web"),
			Labels: map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}
	l := &leased{client: fake.NewClientset(lock), lease: lock, renewed: renewed.Time}
	l.client.PrependReactor("list", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if l.away.Load() {
			return true, nil, apierrors.NewTimeoutError("it is away", 0)
		}
		renewed := l.unheard.Load()
		if renewed == nil {
			return false, nil, nil
		}
		return true, &coordinationv1.LeaseList{Items: []coordinationv1.Lease{*renewed}}, nil
	})
	l.survey = survey{
		namespaces: kubesurvey.Namespaces(meta, ""),
		records:    kubesurvey.Objects(meta, "", kubesurvey.Query{Resource: "secrets"}),
		locks:      kubesurvey.Locks(l.client, "", time.Now),
		now:        time.Now,
	}
	return l
}

// renew renews the lock; nobody who follows it hears of that while the API server is away.
func (l *leased) renew(t *testing.T) {
	t.Helper()
	next, now := l.lease.DeepCopy(), metav1.NowMicro()
	next.Spec.RenewTime = &now
	if !l.away.Load() {
		if _, err := l.client.CoordinationV1().Leases("ns").Update(t.Context(), next, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		return
	}
	l.unheard.Store(next)
}

// follows follows the apps of a survey until the test ends, and returns a function that waits until so long after
// began and compares what was told until then: states, and what was said.
func follows(t *testing.T, s survey, began time.Time) (at func(after time.Duration, want ...string)) {
	t.Helper()
	var (
		mu   sync.Mutex
		seen []string
	)
	see := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, what)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		p := &pulse{now: time.Now, change: func(trouble string) { see(map[bool]string{true: "well", false: "away"}[trouble == ""]) }}
		ended <- s.follow(ctx, p, func(apps []fleet.App) {
			for _, a := range apps {
				see(string(a.State()))
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return func(after time.Duration, want ...string) {
		t.Helper()
		time.Sleep(time.Until(began.Add(after)))
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(seen, want) {
			t.Errorf("after %s it was told of %v, want %v", after, seen, want)
		}
	}
}

// The hold of a run that was killed runs out by time, and nothing in the cluster changes by that.
func TestFollowSeesAHoldRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLeased(t, "deployed")
		at := follows(t, l.survey, l.renewed)
		at(time.Second, "busy")
		at(30*time.Second, "busy") // a second is granted, since the API server's stamps have whole ones
		at(32*time.Second, "busy", "deployed")
		asked := len(l.client.Actions())
		at(time.Hour, "busy", "deployed") // and nothing is polled
		if now := len(l.client.Actions()); now != asked {
			t.Errorf("it asked %d times more", now-asked)
		}
	})
}

// A hold that was renewed while nothing was heard is not shown to have run out, neither meanwhile nor after that.
func TestFollowAgesNoHoldWhileNothingIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLeased(t, "pending-upgrade")
		at := follows(t, l.survey, l.renewed)
		at(10*time.Second, "busy")
		l.away.Store(true)
		at(30*time.Second, "busy")
		at(100*time.Second, "busy", "away")
		l.renew(t)
		at(110*time.Second, "busy", "away")
		l.away.Store(false)
		at(115*time.Second, "busy", "away", "busy", "well")
		at(129*time.Second, "busy", "away", "busy", "well")
	})
}

// One that nobody has renewed meanwhile has run out, which is told once it is known.
func TestFollowSeesAHoldRunOutAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLeased(t, "pending-upgrade")
		at := follows(t, l.survey, l.renewed)
		at(10*time.Second, "busy")
		l.away.Store(true)
		at(135*time.Second, "busy", "away")
		l.away.Store(false)
		at(140*time.Second, "busy", "away", "stuck", "well")
		l.renew(t)
		at(141*time.Second, "busy", "away", "stuck", "well", "busy")
	})
}
