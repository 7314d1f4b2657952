package cli

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/kube/lease"
	kubesurvey "github.com/berth-dev/berth/internal/kube/survey"
	"github.com/berth-dev/berth/internal/ownership"
)

// The hold of a run that was killed runs out by time, and nothing in the cluster changes by that.
func TestFollowSeesAHoldRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		scheme := metadatafake.NewTestScheme()
		if err := metav1.AddMetaToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		meta := metadatafake.NewSimpleMetadataClient(scheme, &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sh.helm.release.v1.web.v1",
				Labels: map[string]string{"owner": "helm", "name": "web", "version": "1", "status": "deployed"}},
		})
		holder, seconds, renewed := "a run that was killed", int32(30), metav1.NowMicro()
		client := fake.NewClientset(&coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: lease.Name("web"),
				Labels: map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}},
			Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
		})
		s := survey{
			namespaces: kubesurvey.Namespaces(meta, ""),
			records:    kubesurvey.Objects(meta, "", kubesurvey.Query{Resource: "secrets"}),
			locks:      kubesurvey.Locks(client, "", time.Now),
			now:        time.Now,
		}
		var (
			mu   sync.Mutex
			seen []fleet.State
		)
		ended := make(chan error)
		go func() {
			ended <- s.follow(ctx, nil, func(apps []fleet.App) {
				mu.Lock()
				defer mu.Unlock()
				for _, a := range apps {
					seen = append(seen, a.State())
				}
			})
		}()
		at := func(after time.Duration, want ...fleet.State) {
			t.Helper()
			time.Sleep(time.Until(renewed.Add(after)))
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(seen, want) {
				t.Errorf("after %s it was told of %v, want %v", after, seen, want)
			}
		}
		at(time.Second, fleet.StateBusy)
		at(30*time.Second, fleet.StateBusy) // a second is granted, since the API server's stamps have whole ones
		at(32*time.Second, fleet.StateBusy, fleet.StateDeployed)
		at(time.Hour, fleet.StateBusy, fleet.StateDeployed) // and nothing is polled
		cancel()
		<-ended
	})
}
