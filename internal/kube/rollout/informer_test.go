package rollout

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// replies are those of an API server; lists are counted.
type replies struct {
	dynamic.ResourceInterface
	get   func() (*unstructured.Unstructured, error)
	watch func() (watch.Interface, error)
	lists atomic.Int32
}

func (r *replies) Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error) {
	return r.get()
}

func (r *replies) Watch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return r.watch()
}

func (r *replies) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	r.lists.Add(1)
	list := &unstructured.UnstructuredList{}
	list.SetResourceVersion("9")
	return list, nil
}

var deployments = schema.GroupResource{Group: "apps", Resource: "deployments"}

// informed runs an informer of the Deployment web for a time and returns its updates.
func informed(t *testing.T, r *replies, options metav1.ListOptions, version string, d time.Duration) []update {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	updates := make(chan update)
	i := &informer{resource: r, options: options, names: map[string]bool{"web": true}, version: version, updates: updates}
	done := make(chan error, 1)
	go func() { done <- i.run(ctx) }()
	var all []update
	for {
		select {
		case u := <-updates:
			all = append(all, u)
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return all
		}
	}
}

// An object that loses the label by which it is watched is still followed, and an
// error while it is read does not make it deleted.
func TestInformerFollowsWhatLosesItsLabel(t *testing.T) {
	for name, first := range map[string]error{"alive": nil, "no answer": apierrors.NewServiceUnavailable("starting")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				web := object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: u, resourceVersion: '2'}}")
				left := watch.NewFakeWithChanSize(1, false)
				left.Delete(web)
				gets, watches := 0, 0
				r := &replies{
					get: func() (*unstructured.Unstructured, error) {
						if gets++; gets == 1 && first != nil {
							return nil, first
						}
						return web, nil
					},
					watch: func() (watch.Interface, error) {
						if watches++; watches == 1 {
							return left, nil
						}
						return watch.NewFake(), nil
					},
				}
				seen := informed(t, r, metav1.ListOptions{LabelSelector: "of=shop"}, "1", 5*time.Second)
				if len(seen) < 10 {
					t.Errorf("it was seen %d times only", len(seen))
				}
				for _, u := range seen {
					if u.deleted || u.live == nil {
						t.Fatalf("update %+v", u)
					}
				}
			})
		})
	}
}

// After a denied watch it polls, and later watches again.
func TestInformerTriesToWatchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watches := 0
		r := &replies{watch: func() (watch.Interface, error) {
			if watches++; watches == 1 {
				return nil, apierrors.NewForbidden(deployments, "web", nil)
			}
			return watch.NewFake(), nil
		}}
		informed(t, r, metav1.ListOptions{FieldSelector: "metadata.name=web"}, "", 3*watchTimeout)
		if most := int32(watchTimeout/pollEvery) + 10; watches < 2 || r.lists.Load() > most {
			t.Errorf("%d watches, %d lists, want at most %d", watches, r.lists.Load(), most)
		}
	})
}
