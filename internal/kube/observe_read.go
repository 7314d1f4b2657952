package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/ownership"
)

const (
	// parallelReads bounds how many requests for objects are under way at a time.
	parallelReads = 16
	// listFrom is how many objects of a kind in a namespace are worth a list: a
	// chart of 300 objects takes a few requests instead of 300.
	listFrom = 8
	// listPage bounds what is held in memory of it.
	listPage = 50
)

// byHelm selects what Helm installed: it writes this label on every object.
const byHelm = ownership.LabelManagedBy + "=Helm"

// read looks for all of the objects and hands on those that there are. found is
// called from many goroutines, once for an object.
func (o Observer) read(ctx context.Context, seen []*sight, found func(*sight, *unstructured.Unstructured)) {
	many, single := byPlace(seen)
	var reads, rest errgroup.Group
	reads.SetLimit(parallelReads)
	rest.SetLimit(parallelReads)
	get := func(s *sight) func() error {
		return func() error {
			if live := o.get(ctx, s); live != nil {
				found(s, live)
			}
			return nil // each keeps its own
		}
	}
	for _, s := range single {
		reads.Go(get(s))
	}
	left := make([][]*sight, len(many))
	for i, group := range many {
		reads.Go(func() error {
			left[i] = o.list(ctx, group, found)
			return nil
		})
	}
	_ = reads.Wait()
	for _, group := range left {
		for _, s := range group {
			rest.Go(get(s))
		}
	}
	_ = rest.Wait()
}

// byPlace groups what has a place: many of one place, and single ones.
func byPlace(seen []*sight) (many [][]*sight, single []*sight) {
	places := map[place][]*sight{}
	for _, s := range seen {
		if s.known {
			places[s.from] = append(places[s.from], s)
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

// list pages through what Helm installed in the objects' place, and returns those
// that it did not come by: they may have lost the label, or not be there, or lie
// behind too many of other releases. Who may not list reads them one by one.
func (o Observer) list(ctx context.Context, group []*sight, found func(*sight, *unstructured.Unstructured)) (left []*sight) {
	missing := make(map[string][]*sight, len(group)) // by name; a manifest may have one twice
	for _, s := range group {
		missing[s.object.Name] = append(missing[s.object.Name], s)
	}
	options := metav1.ListOptions{LabelSelector: byHelm, Limit: listPage}
	for read := 0; read < 2*len(group); read += listPage {
		page, err := o.at(group[0].from).List(ctx, options)
		if err != nil && !answered(err) {
			for _, s := range group {
				s.object.Error, s.err = "it could not be read", fmt.Errorf("list %s: %w", s.from.resource.GroupResource(), err)
			}
			return nil
		}
		if err != nil {
			break
		}
		for i := range page.Items {
			for _, s := range missing[page.Items[i].GetName()] {
				found(s, &page.Items[i])
			}
			delete(missing, page.Items[i].GetName())
		}
		if options.Continue = page.GetContinue(); options.Continue == "" || len(missing) == 0 {
			break
		}
	}
	for _, sights := range missing {
		left = append(left, sights...)
	}
	return left
}

// answered says that a server that is well gave this error: it may be asked in
// another way.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError && status.Status().Code != http.StatusTooManyRequests
}
