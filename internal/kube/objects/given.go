package objects

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// What the reads of one look may take, and how many sources are read in a run.
const (
	givenTime    = 2 * time.Second
	givenLate    = time.Second // once the run was cancelled
	mostGiven    = 100
	givenAtATime = 8
)

// Given reads the Secrets and ConfigMaps that pods are given, as variables or files, and that are
// not the release's: a workflow, an operator or a person has put them there. The app may quote
// what they hold as well as what the chart's own do. It is safe for concurrent use, and a nil Given
// reads nothing.
type Given struct {
	Dynamic   dynamic.Interface
	Namespace string // of objects that name none
	// Hide is told of each that was read.
	Hide func(*unstructured.Unstructured)

	mu    sync.Mutex
	known map[source]bool // whether it was read
	last  time.Time       // look for what was not there before
}

// source is what pods are given something of.
type source struct{ resource, namespace, name string }

// sourcesAt are the fields that name one: of a container's variables, of its environment, and of a
// pod's volumes.
var sourcesAt = map[string]struct{ resource, name string }{
	"secretKeyRef": {"secrets", "name"}, "secretRef": {"secrets", "name"}, "secret": {"secrets", "secretName"},
	"configMapKeyRef": {"configmaps", "name"}, "configMapRef": {"configmaps", "name"}, "configMap": {"configmaps", "name"},
}

// Note notes what objects give to pods, be they workloads of Kubernetes or others that have a pod's
// template. A Secret or ConfigMap among them is known already.
func (g *Given) Note(all ...*unstructured.Unstructured) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil {
		g.known = map[source]bool{}
	}
	for _, o := range all {
		namespace := cmp.Or(o.GetNamespace(), g.Namespace)
		switch {
		case o.GetAPIVersion() == "v1" && o.GetKind() == "Secret":
			g.known[source{"secrets", namespace, o.GetName()}] = true
		case o.GetAPIVersion() == "v1" && o.GetKind() == "ConfigMap":
			g.known[source{"configmaps", namespace, o.GetName()}] = true
		default:
			g.walk(o.Object, namespace)
		}
	}
}

// Noting returns a function that tells hide of an object, and notes what it gives to pods.
func (g *Given) Noting(hide func(*unstructured.Unstructured)) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) {
		hide(o)
		g.Note(o)
	}
}

func (g *Given) walk(value any, namespace string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if at, names := sourcesAt[key]; names {
				g.noteAt(inner, at.resource, at.name, namespace)
			}
			g.walk(inner, namespace)
		}
	case []any:
		for _, inner := range v {
			g.walk(inner, namespace)
		}
	}
}

// noteAt notes what a field names. One of a projected volume has it as a name in any case.
func (g *Given) noteAt(field any, resource, name, namespace string) {
	at, _ := field.(map[string]any)
	called, _ := at[name].(string)
	if other, _ := at["name"].(string); called == "" {
		called = other
	}
	one := source{resource, namespace, called}
	if _, noted := g.known[one]; called != "" && !noted && len(g.known) < mostGiven {
		g.known[one] = false
	}
}

// Read reads what was noted and was not there before, and tells Hide of it. What may not be read is
// not known. It goes on for a moment when ctx has ended: what was given is about to be shown.
func (g *Given) Read(ctx context.Context) {
	if g == nil {
		return
	}
	limit := givenTime
	if ctx.Err() != nil {
		limit = givenLate
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	var reads errgroup.Group
	reads.SetLimit(givenAtATime)
	for _, one := range g.unread() {
		reads.Go(func() error {
			at := g.Dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: one.resource}).Namespace(one.namespace)
			live, err := at.Get(ctx, one.name, metav1.GetOptions{})
			if err == nil {
				g.Hide(live)
			}
			if err == nil || apierrors.IsForbidden(err) {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.known[one] = true
			}
			return nil
		})
	}
	_ = reads.Wait() // they return no errors
}

// ReadLate is Read in the course of a wait, which something may be made in: it looks once a second.
func (g *Given) ReadLate(ctx context.Context) {
	if g != nil && len(g.unread()) > 0 && g.isLate() {
		g.Read(ctx)
	}
}

func (g *Given) isLate() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	late := now.Sub(g.last) >= time.Second
	if late {
		g.last = now
	}
	return late
}

func (g *Given) unread() (all []source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for one, read := range g.known {
		if !read {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b source) int {
		return cmp.Or(cmp.Compare(a.resource, b.resource), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return all
}
