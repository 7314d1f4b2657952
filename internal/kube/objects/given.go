package objects

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/kube/transport"
)

// What the reads of one look may take, and how many sources of one sort are read in a run.
const (
	givenTime    = 5 * time.Second
	givenLate    = time.Second // once the run was cancelled
	givenEvery   = time.Second // between two looks at one of them while it is waited
	mostGiven    = 100
	givenAtATime = 8
)

// Given reads the Secrets and ConfigMaps that pods are given, as variables or files: those that a
// workflow, an operator or a person has put there, and the Secrets of the release that an operator
// fills. The app may quote what they hold as well as what the chart's own do. It is safe for
// concurrent use, and a nil Given reads nothing.
type Given struct {
	Dynamic   dynamic.Interface
	Namespace string // of objects that name none
	// Hide is told of each that was read, and of each pod.
	Hide func(*unstructured.Unstructured)
	// Warn is told once of what is not hidden. Nil: nobody is.
	Warn func(title, message string)

	reads  sync.Mutex // held while it is read: whoever comes meanwhile waits for what is asked already
	mu     sync.Mutex
	known  map[source]*reading
	beyond bool               // they are given more Secrets than are read
	pods   map[types.UID]bool // those that were noted as they live
	warned map[string]bool    // of what Warn was told, by its title
}

// authorities is a ConfigMap that Kubernetes gives to every pod, with certificates alone.
const authorities = "kube-root-ca.crt"

// source is what pods are given something of.
type source struct{ resource, namespace, name string }

// reading is what is known of a source.
type reading struct {
	order int       // in which they were named
	own   bool      // the release has it
	given bool      // to a pod
	over  bool      // it is not to be read any more
	fault string    // why it could not be read when it was asked for last
	at    time.Time // when it was told of, or asked for; zero: never
}

// sourcesAt are the fields that name one: of a container's variables, of its environment, and of a
// pod's volumes.
var sourcesAt = map[string]struct{ resource, name string }{
	"secretKeyRef": {"secrets", "name"}, "secretRef": {"secrets", "name"}, "secret": {"secrets", "secretName"},
	"configMapKeyRef": {"configmaps", "name"}, "configMapRef": {"configmaps", "name"}, "configMap": {"configmaps", "name"},
}

// Note notes what objects give to pods, be they workloads of Kubernetes or others that have a pod's
// template. What a Secret or ConfigMap among them holds is known, as far as the manifest tells it.
func (g *Given) Note(all ...*unstructured.Unstructured) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range all {
		namespace := cmp.Or(o.GetNamespace(), g.Namespace)
		switch {
		case o.GetAPIVersion() == "v1" && o.GetKind() == "Secret":
			g.of(source{"secrets", namespace, o.GetName()}).have(false)
		case o.GetAPIVersion() == "v1" && o.GetKind() == "ConfigMap":
			g.of(source{"configmaps", namespace, o.GetName()}).have(true)
		default:
			g.walk(o.Object, namespace)
		}
	}
}

// of returns what is known of a source.
func (g *Given) of(one source) *reading {
	if g.known == nil {
		g.known = map[source]*reading{}
	}
	if g.known[one] == nil {
		g.known[one] = &reading{order: len(g.known)}
	}
	return g.known[one]
}

// told notes that what a source holds was just told.
func (r *reading) told(over bool) { r.over, r.at, r.fault = over, time.Now(), "" }

// have notes that the release has a source itself, and what it holds by the manifest.
func (r *reading) have(over bool) { r.own = true; r.told(over) }

// Noting returns a function that tells hide of an object, and notes what it gives to pods.
func (g *Given) Noting(hide func(*unstructured.Unstructured)) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) {
		hide(o)
		g.Note(o)
	}
}

// Pod notes what a pod as it lives is given, which may be more than the manifest says: who admits
// it, such as an injector of secrets, may have added to it.
func (g *Given) Pod(live *unstructured.Unstructured) {
	if g == nil || !g.isNew(live.GetUID()) {
		return
	}
	g.Noting(g.Hide)(live)
}

func (g *Given) isNew(pod types.UID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pods == nil {
		g.pods = map[types.UID]bool{}
	}
	known := g.pods[pod]
	g.pods[pod] = true
	return !known
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
	if called != "" && called != authorities {
		g.of(source{resource, namespace, called}).given = true
	}
}

// Read reads what pods are given, and tells Hide of it: what is about to be shown may quote it. A
// Secret is read each time, since whoever fills it may do so while it is waited for its pods. What
// may not be read is not known. It goes on for a moment when ctx has ended. What could not
// be read for another reason is told, and Unread says so of a Secret.
func (g *Given) Read(ctx context.Context) { g.read(ctx, time.Now()) }

// ReadLate is Read in the course of a wait: it looks at each once a second.
func (g *Given) ReadLate(ctx context.Context) { g.read(ctx, time.Now().Add(-givenEvery)) }

// read reads what was told of, or asked for, before a time.
func (g *Given) read(ctx context.Context, before time.Time) {
	if g == nil {
		return
	}
	g.reads.Lock()
	defer g.reads.Unlock()
	limit := givenTime
	if ctx.Err() != nil {
		limit = givenLate
	}
	// They do not wait for their turn behind requests of other apps: that would be no time of theirs.
	ctx, cancel := context.WithTimeout(transport.WithoutLimit(context.WithoutCancel(ctx)), limit)
	defer cancel()
	var reads errgroup.Group
	reads.SetLimit(givenAtATime)
	for _, one := range g.due(before) {
		reads.Go(func() error {
			at := g.Dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: one.resource}).Namespace(one.namespace)
			live, err := at.Get(ctx, one.name, metav1.GetOptions{})
			if err == nil {
				g.Hide(live)
			}
			g.took(one, err)
			return nil
		})
	}
	_ = reads.Wait() // they return no errors
}

// took notes how the read of a source ended. One that is not there yet is looked for again.
func (g *Given) took(one source, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil || apierrors.IsForbidden(err):
		g.of(one).told(err != nil || one.resource == "configmaps")
	case apierrors.IsNotFound(err):
		g.of(one).fault = ""
	case one.resource == "secrets":
		g.of(one).fault = fmt.Sprintf("Secret %s in namespace %s, which the pods are given, could not be read: %v", one.name, one.namespace, err)
		g.warn("Withheld what pods say", g.of(one).fault+". What they say may quote it, and is not shown.")
	default:
		g.warn("Not known what pods are given", fmt.Sprintf("ConfigMap %s in namespace %s, which they are given, could not be read: %v. "+
			"What it holds is not hidden where the pods print it.", one.name, one.namespace, err))
	}
}

// Unread returns why what pods say is not to be shown: they are given a Secret that could not be
// read, so that nobody could tell where they quote it; "" where all is known that may be.
func (g *Given) Unread() string {
	if g == nil {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.beyond {
		return fmt.Sprintf("the pods are given more than %d Secrets, of which no more are read", mostGiven)
	}
	for _, one := range g.inOrder() {
		if r := g.known[one]; r.given && r.fault != "" {
			return r.fault
		}
	}
	return ""
}

// warn tells once of what is not hidden.
func (g *Given) warn(title, message string) {
	if g.Warn == nil || g.warned[title] {
		return
	}
	if g.warned == nil {
		g.warned = map[string]bool{}
	}
	g.warned[title] = true
	g.Warn(title, message)
}
