package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

// look is what an object and its pods are at the moment, past the watches.
type look struct {
	owner    *unstructured.Unstructured // nil: it cannot be read
	pods     map[string]*corev1.Pod     // nil: they cannot be listed
	version  uint64                     // of their list: what is newer is not in it
	complete bool                       // all was answered, if with a denial
	denied   bool                       // something was
}

// look looks at the object and its pods again.
func (q question) look(ctx context.Context, client kubernetes.Interface) *look {
	l := &look{}
	live, err := q.resource.Get(ctx, q.owner.GetName(), metav1.GetOptions{})
	switch {
	case err == nil:
		l.owner = live
	case apierrors.IsForbidden(err):
		l.denied = true
	default:
		return l
	}
	if q.pods == "" {
		l.complete = true
		return l
	}
	list, err := client.CoreV1().Pods(q.owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: q.pods})
	if err != nil {
		l.complete = apierrors.IsForbidden(err)
		l.denied = l.denied || l.complete
		return l
	}
	l.pods, l.version, l.complete = make(map[string]*corev1.Pod, len(list.Items)), versionOf(list), true
	for i := range list.Items {
		p := &list.Items[i]
		l.pods[p.Name] = lean(p)
	}
	return l
}

// confirms says that another look was as good as one can get. A server that starts
// denies what it has not learned yet to be allowed, so a denial has to go on.
func (p *patient) confirms(l *look, now time.Time) bool {
	switch {
	case !l.complete:
		return false
	case !l.denied:
		p.denied = time.Time{}
		return true
	case p.denied.IsZero():
		p.denied = now
	}
	return now.Sub(p.denied) >= deniedFor
}

// look takes in another look. Of what a watch told meanwhile, that is kept.
func (p *patient) look(l *look) {
	if l.owner != nil && p.subject.live != nil { // else a watch saw it go
		p.subject.take(l.owner)
	}
	if l.pods == nil {
		return
	}
	for name, known := range p.pods {
		now := l.pods[name]
		switch {
		case now == nil && versionOf(known) > l.version:
		case now == nil:
			delete(p.pods, name)
		case versionOf(now) >= versionOf(known):
			p.pods[name] = now
		}
	}
}
