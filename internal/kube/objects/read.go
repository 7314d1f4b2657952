package objects

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

const (
	// parallelReads bounds how many requests for objects are under way at a time.
	parallelReads = 16
	// listFrom is how many objects of a kind in a namespace are worth a list: a
	// chart of 300 objects takes a few requests instead of 300.
	listFrom = 8
	// listPage bounds how many objects of a list are held in memory.
	listPage = 50
)

// helmSelector selects what Helm installed: it writes this label on every object.
const helmSelector = ownership.LabelManagedBy + "=" + ownership.ManagedByHelm

// lookup is an object that is looked for, and what came of reading it.
type lookup struct {
	want    *unstructured.Unstructured
	place   place
	located bool // place is known
	listed  bool // it is of a List that is to be kept
	object  facts.Object
	missing *problem.MissingPermission // it may not be read
	err     error                      // it could not be read
}

// place is where the objects of one kind are read.
type place struct {
	resource  schema.GroupVersionResource
	namespace string // empty: cluster-scoped
}

// reader reads objects, each on its own or many with one list.
type reader struct{ dynamic dynamic.Interface }

// readAll reads every object that has a place and calls found for each that
// exists, from many goroutines, once for an object. What went wrong is written to
// the object's lookup.
func (r reader) readAll(ctx context.Context, lookups []*lookup, found func(*lookup, *unstructured.Unstructured)) {
	many, single := byPlace(lookups)
	var reads, rest errgroup.Group
	reads.SetLimit(parallelReads)
	rest.SetLimit(parallelReads)
	get := func(l *lookup) func() error {
		return func() error {
			if live := r.get(ctx, l); live != nil {
				found(l, live)
			}
			return nil // each lookup keeps its own error
		}
	}
	for _, l := range single {
		reads.Go(get(l))
	}
	left := make([][]*lookup, len(many))
	for i, group := range many {
		reads.Go(func() error {
			left[i] = r.list(ctx, group, found)
			return nil
		})
	}
	_ = reads.Wait()
	for _, group := range left {
		for _, l := range group {
			rest.Go(get(l))
		}
	}
	_ = rest.Wait()
}

// byPlace splits what has a place into groups that are worth a list, and single
// objects.
func byPlace(lookups []*lookup) (many [][]*lookup, single []*lookup) {
	places := map[place][]*lookup{}
	for _, l := range lookups {
		if l.located {
			places[l.place] = append(places[l.place], l)
		}
	}
	for _, group := range places {
		if len(group) < listFrom {
			single = append(single, group...)
		} else {
			many = append(many, group)
		}
	}
	return many, single
}

// list pages through what Helm installed in the group's place, and returns the
// objects that were not among it: they may have lost the label, not exist, or
// come after too many objects of other releases. Where listing is denied, that is
// the whole group.
func (r reader) list(ctx context.Context, group []*lookup, found func(*lookup, *unstructured.Unstructured)) (left []*lookup) {
	waiting := make(map[string][]*lookup, len(group)) // by name; a manifest may hold one twice
	for _, l := range group {
		waiting[l.object.Name] = append(waiting[l.object.Name], l)
	}
	options := metav1.ListOptions{LabelSelector: helmSelector, Limit: listPage}
	for read := 0; read < 2*len(group); read += listPage {
		page, err := r.at(group[0].place).List(ctx, options)
		if err != nil && !isRefusal(err) {
			for _, l := range group {
				l.object.Error, l.err = "it could not be read", fmt.Errorf("list %s: %w", l.place.resource.GroupResource(), err)
			}
			return nil
		}
		if err != nil {
			break
		}
		for i := range page.Items {
			for _, l := range waiting[page.Items[i].GetName()] {
				found(l, &page.Items[i])
			}
			delete(waiting, page.Items[i].GetName())
		}
		if options.Continue = page.GetContinue(); options.Continue == "" || len(waiting) == 0 {
			break
		}
	}
	for _, lookups := range waiting {
		left = append(left, lookups...)
	}
	return left
}

// isRefusal reports whether the server is well and only refused this request, so
// that it may be asked in another way.
func isRefusal(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code < http.StatusInternalServerError && code != http.StatusTooManyRequests
}

// get reads one object. It returns nil for one that does not exist or could not
// be read; the lookup says which.
func (r reader) get(ctx context.Context, l *lookup) *unstructured.Unstructured {
	live, err := r.at(l.place).Get(ctx, l.object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		l.object.Error = "it may not be read"
		l.missing = &problem.MissingPermission{Permission: problem.Permission{
			Verb: "get", Group: l.place.resource.Group, Resource: l.place.resource.Resource,
			Namespace: l.object.Namespace, Name: l.object.Name, Why: "see the objects of the release",
		}, Reason: err.Error()}
		return nil
	case err != nil:
		l.object.Error = "it could not be read"
		l.err = fmt.Errorf("read %s: %w", l.object.Ref, err)
		return nil
	}
	return live
}

func (r reader) at(p place) dynamic.ResourceInterface {
	if p.namespace == "" {
		return r.dynamic.Resource(p.resource)
	}
	return r.dynamic.Resource(p.resource).Namespace(p.namespace)
}
