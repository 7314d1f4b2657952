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

// replies are an API server's, given one by one.
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

// feeding runs a feed of the Deployment web for a time and gives what it saw.
func feeding(t *testing.T, r *replies, scope metav1.ListOptions, from string, d time.Duration) []sight {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	sights := make(chan sight)
	f := &feed{resource: r, scope: scope, names: map[string]*subject{"web": {}}, from: from, sights: sights}
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	var all []sight
	for {
		select {
		case s := <-sights:
			all = append(all, s)
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return all
		}
	}
}

// An object that loses the label by which it is watched is followed nevertheless,
// and is not gone because nobody can tell for a moment.
func TestFeedFollowsWhatLosesItsLabel(t *testing.T) {
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
				seen := feeding(t, r, metav1.ListOptions{LabelSelector: "of=shop"}, "1", 5*time.Second)
				if len(seen) < 10 {
					t.Errorf("it was seen %d times only", len(seen))
				}
				for _, s := range seen {
					if s.gone || s.live == nil {
						t.Fatalf("seen: %+v", s)
					}
				}
			})
		})
	}
}

// One denied watch does not mean polling to the end.
func TestFeedTriesToWatchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watches := 0
		r := &replies{watch: func() (watch.Interface, error) {
			if watches++; watches == 1 {
				return nil, apierrors.NewForbidden(deployments, "web", nil)
			}
			return watch.NewFake(), nil
		}}
		feeding(t, r, metav1.ListOptions{FieldSelector: "metadata.name=web"}, "", 3*watchTime)
		if most := int32(watchTime/pollEvery) + 10; watches < 2 || r.lists.Load() > most {
			t.Errorf("%d watches, %d lists, want at most %d", watches, r.lists.Load(), most)
		}
	})
}
