package rollout

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// read looks at everything anew.
func (f *feed) read(ctx context.Context) error {
	if f.gets {
		return f.getAll(ctx, nil)
	}
	list, err := f.resource.List(ctx, f.scope)
	switch {
	case denied(err) && f.names != nil:
		f.gets, f.polls = true, true
		return f.getAll(ctx, nil)
	case denied(err):
		return err
	case err == nil:
		return f.listed(ctx, list)
	}
	for name := range f.names {
		f.emit(ctx, sight{name: name, err: err})
	}
	return nil
}

// listed passes on what there is.
func (f *feed) listed(ctx context.Context, list *unstructured.UnstructuredList) error {
	f.from = list.GetResourceVersion()
	there := make(map[string]bool, len(list.Items))
	for i := range list.Items {
		u := &list.Items[i]
		there[u.GetName()] = true
		if f.names == nil || f.names[u.GetName()] != nil {
			f.emit(ctx, sight{name: u.GetName(), live: u})
		}
	}
	return f.missing(ctx, there)
}

// missing tells of what a list did not have.
func (f *feed) missing(ctx context.Context, there map[string]bool) error {
	if f.names == nil {
		for name, was := range f.seen {
			if was && !there[name] {
				f.emit(ctx, sight{name: name, gone: true})
			}
		}
		f.seen = there
		return nil
	}
	if f.scope.LabelSelector != "" { // it may have lost its labels
		return f.getAll(ctx, there)
	}
	for name := range f.names {
		if !there[name] {
			f.emit(ctx, sight{name: name, gone: true})
		}
	}
	return nil
}

// getAll reads each object but those of which it is known.
func (f *feed) getAll(ctx context.Context, but map[string]bool) error {
	var reads errgroup.Group
	var strays atomic.Bool
	reads.SetLimit(parallelReads)
	for name, s := range f.names {
		if but[name] {
			continue
		}
		reads.Go(func() error {
			live, err := f.resource.Get(ctx, name, metav1.GetOptions{})
			if !apierrors.IsNotFound(err) {
				strays.Store(true)
			}
			switch {
			case err == nil:
				f.emit(ctx, sight{name: name, live: live})
			case apierrors.IsNotFound(err):
				f.emit(ctx, sight{name: name, gone: true})
			case denied(err) && ctx.Err() == nil:
				return fmt.Errorf("read %s to wait for it: %w", s.source.resource.Resource+"/"+name, err)
			default:
				f.emit(ctx, sight{name: name, err: err})
			}
			return nil
		})
	}
	err := reads.Wait()
	if strays.Load() {
		f.polls = true // a watch of the scope would not show them
	}
	return err
}
