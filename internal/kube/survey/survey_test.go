package survey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

var secretsResource = schema.GroupResource{Resource: "secrets"}

// errDenied is how the API server's authorizer answers.
func errDenied(action string) error {
	return apierrors.NewForbidden(secretsResource, "",
		errors.New(`User "u" cannot `+action+` resource "secrets" in API group "" at the cluster scope`))
}

func page(version, next string, names ...string) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: version, Continue: next}}
	for _, name := range names {
		list.Items = append(list.Items, *object(name, version))
	}
	return list
}

func object(name, version string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: version}}
}

// source answers lists from pages, by what they are to go on from, and then with err.
func source(pages map[string]*metav1.PartialObjectMetadataList, fail func(next string) error) Source[facts.Meta] {
	return Source[facts.Meta]{
		needs: problem.Permission{Verb: "list", Resource: "secrets"}, read: readMeta,
		list: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if err := fail(o.Continue); err != nil {
				return nil, err
			}
			if o.Limit != pageSize {
				return nil, fmt.Errorf("a page of %d", o.Limit)
			}
			return pages[o.Continue], nil
		},
	}
}

func names(t *testing.T, s Source[facts.Meta]) (all []string, err error) {
	t.Helper()
	err = s.Each(t.Context(), func(m facts.Meta) { all = append(all, m.Name) })
	return all, err
}

func TestEach(t *testing.T) {
	pages := map[string]*metav1.PartialObjectMetadataList{"": page("1", "more", "a", "b"), "more": page("1", "", "c")}
	good := func(string) error { return nil }
	if got, err := names(t, source(pages, good)); err != nil || !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v, %v", got, err)
	}
	// The API server has dropped the page: the list is begun anew.
	dropped := 0
	once := func(next string) error {
		if next != "" && dropped == 0 {
			dropped++
			return apierrors.NewResourceExpired("too old")
		}
		return nil
	}
	if got, err := names(t, source(pages, once)); err != nil || !slices.Equal(got, []string{"a", "b", "a", "b", "c"}) {
		t.Errorf("dropped once: %v, %v", got, err)
	}
	always := func(next string) error {
		if next != "" {
			return apierrors.NewResourceExpired("too old")
		}
		return nil
	}
	if got, err := names(t, source(pages, always)); err == nil || len(got) != 2*(maxRestarts+1) {
		t.Errorf("dropped again and again: %v, %v", got, err)
	}
	denied := source(pages, func(string) error { return errDenied("list") })
	_, err := names(t, denied)
	if p := problem.Of(err); p == nil || p.Reason != problem.PermissionMissing || len(p.Missing) != 1 {
		t.Errorf("denied: %v", err)
	}
	denied.lenient = true
	if got, err := names(t, denied); err != nil || len(got) != 0 {
		t.Errorf("denied where that is no matter: %v, %v", got, err)
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		lists := []*metav1.PartialObjectMetadataList{page("1", "", "a", "b"), page("9", "", "a", "d")}
		watches := make(chan *watch.FakeWatcher, 2)
		var from []string
		s := Source[facts.Meta]{read: readMeta,
			list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
				next := lists[0]
				lists = lists[1:]
				return next, nil
			},
			watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
				from = append(from, o.ResourceVersion)
				w := watch.NewFake()
				watches <- w
				return w, nil
			},
		}
		var seen []string
		note := func(what string) { seen = append(seen, what) }
		ended := make(chan error)
		go func() {
			ended <- s.Follow(ctx, Events[facts.Meta]{
				Set:    func(_, name string, _ facts.Meta) { note("+" + name) },
				Gone:   func(_, name string) { note("-" + name) },
				Listed: func() { note("listed") },
			})
		}()
		w := <-watches
		w.Add(object("c", "2"))
		w.Delete(object("a", "3"))
		w.Action(watch.Bookmark, object("", "4"))
		w.Stop() // it is resumed where it ended
		w = <-watches
		w.Error(&apierrors.NewResourceExpired("too old").ErrStatus) // all is listed anew
		w = <-watches
		synctest.Wait()
		want := []string{"+a", "+b", "listed", "+c", "-a", "+a", "+d", "-b", "-c", "listed"}
		sorted := slices.Clone(seen)
		slices.Sort(sorted[max(0, len(sorted)-3) : len(sorted)-1]) // those that are gone come in any order
		if !slices.Equal(sorted, want) || !slices.Equal(from, []string{"1", "4", "9"}) {
			t.Errorf("saw %q from %q", seen, from)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.Stop()
	})
	denied := Source[facts.Meta]{needs: problem.Permission{Resource: "secrets"}, read: readMeta,
		list: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return page("1", ""), nil },
		watch: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			return nil, errDenied("watch")
		},
	}
	for _, lost := range []func(error){nil, func(error) {}} {
		err := denied.Follow(t.Context(), Events[facts.Meta]{Listed: func() {}, Lost: lost})
		if p := problem.Of(err); p == nil || len(p.Missing) != 1 || p.Missing[0].Verb != "watch" {
			t.Errorf("denied: %v", err)
		}
	}
}

// With somebody who wants to know, a denial that comes once a watch has begun is told and tried
// again, and so is a list that fails; one that comes before is the end.
func TestFollowTellsHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		watches := make(chan *watch.FakeWatcher, 1)
		lists := []error{nil, errDenied("list"), apierrors.NewServiceUnavailable("away"), nil}
		begins := []error{nil, errDenied("watch"), apierrors.NewServiceUnavailable("away"), io.EOF, apierrors.NewResourceExpired("too old"), nil}
		next := func(of *[]error) (err error) { err, *of = (*of)[0], (*of)[1:]; return err }
		s := Source[facts.Meta]{needs: problem.Permission{Verb: "list", Resource: "secrets"}, read: readMeta,
			list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
				if err := next(&lists); err != nil {
					return nil, err
				}
				return page("1", "", "a"), nil
			},
			watch: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
				switch err := next(&begins); {
				case errors.Is(err, io.EOF):
					return watch.NewEmptyWatch(), nil // as client-go has it where the connection is cut
				case err != nil:
					return nil, err
				}
				w := watch.NewFake()
				watches <- w
				return w, nil
			},
		}
		var seen []string
		note := func(what string) { seen = append(seen, what) }
		ended := make(chan error)
		go func() {
			ended <- s.Follow(ctx, Events[facts.Meta]{
				Set: func(_, name string, _ facts.Meta) { note("+" + name) }, Gone: func(_, name string) { note("-" + name) },
				Listed: func() { note("listed") }, Heard: func() { note("heard") }, Lost: func(err error) { note(problem.Of(err).Tried) },
			})
		}()
		w := <-watches
		w.Action(watch.Bookmark, object("", "4"))
		w.Stop()
		w = <-watches
		synctest.Wait()
		watching, listing := "watch secrets in all namespaces", "list secrets in all namespaces"
		want := []string{"+a", "listed", "heard", "heard", "heard", watching, watching, watching, listing, listing,
			"+a", "listed", "heard", "heard"}
		if !slices.Equal(seen, want) {
			t.Errorf("saw %q, want %q", seen, want)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.Stop()
	})
}
