//go:build bench

package bench

import (
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/berth-dev/berth/test/kubetest"
)

// watcher sees every Deployment become ready, whatever the tools say.
type watcher struct {
	cluster *kubetest.Cluster

	mu    sync.Mutex
	ready map[generation]time.Time
}

// generation is one state that a Deployment was asked to have.
type generation struct {
	namespace, name string
	number          int64
}

func newWatcher(t *testing.T, c *kubetest.Cluster) *watcher {
	t.Helper()
	w := &watcher{cluster: c, ready: map[generation]time.Time{}}
	factory := informers.NewSharedInformerFactory(c.Client(), 0)
	informer := factory.Apps().V1().Deployments().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { w.see(object) },
		UpdateFunc: func(_, object any) { w.see(object) },
	}); err != nil {
		t.Fatalf("watching Deployments: %v", err)
	}
	factory.StartWithContext(t.Context())
	if !cache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) {
		t.Fatal("the Deployments could not be listed")
	}
	return w
}

// see notes when a generation is ready for the first time.
func (w *watcher) see(object any) {
	now := time.Now()
	d, ok := object.(*appsv1.Deployment)
	if !ok || !isReady(d) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	g := generationOf(d)
	if _, known := w.ready[g]; !known {
		w.ready[g] = now
	}
}

// isReady: all that was asked for is there, is new, and nothing old is left.
func isReady(d *appsv1.Deployment) bool {
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.Replicas == *d.Spec.Replicas &&
		s.UpdatedReplicas == s.Replicas && s.AvailableReplicas == s.Replicas
}

func generationOf(d *appsv1.Deployment) generation {
	return generation{d.Namespace, d.Name, d.Generation}
}

// last is when the last Deployment of a namespace, as they are now, became
// ready. The tool has ended and said that they are: this one may learn it later.
func (w *watcher) last(t *testing.T, namespace string) (moment time.Time) {
	t.Helper()
	list, err := w.cluster.Client().AppsV1().Deployments(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("listing the Deployments in %s: %v", namespace, err)
	}
	kubetest.Eventually(t, time.Minute, func() (bool, string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		moment = time.Time{}
		for i := range list.Items {
			at, ok := w.ready[generationOf(&list.Items[i])]
			if !ok {
				return false, list.Items[i].Name + " is not ready, although the tool said so"
			}
			if at.After(moment) {
				moment = at
			}
		}
		return true, ""
	})
	return moment
}
