package rollout

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

// look is what an object and its pods are at the moment, past the watches.
type look struct {
	owner    *unstructured.Unstructured // nil: it cannot be read
	pods     map[string]*corev1.Pod     // nil: they cannot be listed
	complete bool                       // all was answered, if with a denial
}

// look looks at the object and its pods again.
func (q question) look(ctx context.Context, client kubernetes.Interface) *look {
	l := &look{}
	live, err := q.resource.Get(ctx, q.owner.GetName(), metav1.GetOptions{})
	switch {
	case err == nil:
		l.owner = live
	case !denied(err):
		return l
	}
	if q.pods == "" {
		l.complete = true
		return l
	}
	list, err := client.CoreV1().Pods(q.owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: q.pods})
	if err != nil {
		l.complete = denied(err)
		return l
	}
	l.pods, l.complete = make(map[string]*corev1.Pod, len(list.Items)), true
	for i := range list.Items {
		p := &list.Items[i]
		l.pods[p.Name] = lean(p)
	}
	return l
}

// look takes in another look. Of what a watch told meanwhile, that is kept.
func (p *patient) look(l *look) {
	if l.owner != nil {
		p.subject.take(l.owner)
	}
	if l.pods == nil {
		return
	}
	for name, known := range p.pods {
		now := l.pods[name]
		switch {
		case now == nil:
			delete(p.pods, name)
		case now.UID != known.UID || versionOf(now) > versionOf(known):
			p.pods[name] = now
		}
	}
}
