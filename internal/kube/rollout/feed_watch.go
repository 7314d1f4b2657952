package rollout

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// watch follows the objects from the last known version on, and says whether
// anything came.
func (f *feed) watch(ctx context.Context) (progress bool) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	options := f.scope
	options.ResourceVersion, options.AllowWatchBookmarks = f.from, true
	events, err := f.resource.Watch(ctx, options)
	if err != nil {
		switch {
		case denied(err), apierrors.IsMethodNotSupported(err), apierrors.IsNotFound(err):
			f.polls, f.from = true, ""
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			f.from = ""
		}
		return false
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return true // it lasted for its time
		case e, open := <-events.ResultChan():
			live, ok := e.Object.(*unstructured.Unstructured)
			switch {
			case !open:
				return progress
			case e.Type == watch.Error:
				if err := apierrors.FromObject(e.Object); apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
					f.from = ""
				}
				return progress
			case !ok:
				return progress
			}
			f.from, progress = live.GetResourceVersion(), true
			if e.Type != watch.Bookmark {
				f.tell(ctx, live, e.Type == watch.Deleted)
			}
			if f.from == "" {
				return progress
			}
		}
	}
}

// tell passes one event on. That an object left a selection by labels need not
// be its end, so it is looked at.
func (f *feed) tell(ctx context.Context, live *unstructured.Unstructured, gone bool) {
	name := live.GetName()
	switch {
	case f.names == nil:
		f.seen[name] = !gone
	case f.names[name] == nil:
		return
	case gone && f.scope.LabelSelector != "":
		switch now, err := f.resource.Get(ctx, name, metav1.GetOptions{}); {
		case err == nil && now.GetUID() == live.GetUID():
			live, gone = now, false
			f.polls, f.from = true, "" // this watch does not show it any more
		case err != nil && !apierrors.IsNotFound(err):
			f.from = "" // nobody can tell: all is read anew
			return
		}
	}
	f.emit(ctx, sight{name: name, live: live, gone: gone})
}
