// Package companions makes, reads and deletes what Berth itself puts beside a release, in the
// release's namespace: copies of Secrets of other namespaces, and quotas.
package companions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// parallelReads bounds how many requests are under way at a time.
const parallelReads = 8

// Copy is a Secret that is to be copied, and the name of the copy.
type Copy struct{ Namespace, Name, As string }

// Manager reads and writes the companions of one release. An error of its methods is the API
// server's own, wrapped, for the caller to classify; one that wraps facts.ErrChanged says that
// an object is not any more as it was read.
type Manager struct {
	Dynamic   dynamic.Interface
	Metadata  metadata.Interface // reads objects without their content
	Namespace string             // of the release
	Copies    []Copy
	Quota     []*unstructured.Unstructured // as ParseQuota returns them
	// Hide is told of every Secret that was read, before anything can quote it.
	Hide func(*unstructured.Unstructured)

	mu      sync.Mutex
	sources map[facts.Ref]*unstructured.Unstructured // by the companion that is made of them
	live    map[facts.Ref]*unstructured.Unstructured // as they were read
}

// kinds are those of companions, by the resource that serves them.
var kinds = map[string]schema.GroupVersionResource{
	"Secret":        {Version: "v1", Resource: "secrets"},
	"ResourceQuota": {Version: "v1", Resource: "resourcequotas"},
	"LimitRange":    {Version: "v1", Resource: "limitranges"},
}

// Sources reads the Secrets that are to be copied. One that is not there is no error.
func (m *Manager) Sources(ctx context.Context) ([]facts.Source, error) {
	found := make([]facts.Source, len(m.Copies))
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelReads)
	for i, c := range m.Copies {
		reads.Go(func() error {
			found[i] = facts.Source{Namespace: c.Namespace, Name: c.Name}
			source, err := m.at("Secret", c.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
			switch {
			case apierrors.IsNotFound(err):
				return nil
			case err != nil:
				return fmt.Errorf("read Secret %s: %w", found[i], err)
			}
			m.Hide(source)
			found[i].Exists = true
			found[i].Type, _, _ = unstructured.NestedString(source.Object, "type")
			m.keep(&m.sources, m.ref("Secret", c.As), source)
			return nil
		})
	}
	return found, reads.Wait()
}

// Conceal reads all that is marked as a copy in the namespace, and what stands under the name of
// one, with or without marks, and tells Hide of it. Who may not list Secrets reads those that
// are named.
func (m *Manager) Conceal(ctx context.Context) error {
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelReads)
	errs := make([]error, len(m.Copies)+1)
	for i, c := range m.Copies {
		reads.Go(func() error {
			live, err := m.at("Secret", m.Namespace).Get(ctx, c.As, metav1.GetOptions{})
			if err == nil {
				m.Hide(live)
			} else if !apierrors.IsNotFound(err) {
				errs[i] = fmt.Errorf("read %s: %w", m.ref("Secret", c.As), err)
			}
			return nil // the others are read all the same
		})
	}
	reads.Go(func() error {
		list, err := m.at("Secret", m.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ownership.LabelCompanion})
		switch {
		case err == nil:
		case apierrors.IsForbidden(err) && len(m.Copies) > 0:
			return nil
		default:
			errs[len(m.Copies)] = fmt.Errorf("list secrets in namespace %s: %w", m.Namespace, err)
			return nil
		}
		for i := range list.Items {
			m.Hide(&list.Items[i])
		}
		return nil
	})
	_ = reads.Wait()
	return errors.Join(errs...)
}

// Look returns what stands under the names of the companions that are wanted, and which others
// have been made in the namespace. Where the sources were not read, it cannot be told whether
// a copy holds what is wanted.
func (m *Manager) Look(ctx context.Context, s facts.CompanionScope) (wanted, others []facts.Companion, err error) {
	for _, c := range m.Copies {
		wanted = append(wanted, facts.Companion{Ref: m.ref("Secret", c.As), Source: c.Namespace + "/" + c.Name})
	}
	for _, doc := range m.Quota {
		if ref := m.ref(doc.GetKind(), doc.GetName()); s.Quota {
			m.keep(&m.sources, ref, doc)
			wanted = append(wanted, facts.Companion{Ref: ref})
		}
	}
	if s.Fresh {
		return wanted, nil, nil
	}
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelReads)
	for i := range wanted {
		reads.Go(func() error { return m.read(ctx, &wanted[i]) })
	}
	listed := m.listed(s)
	found := make([][]facts.Companion, len(listed))
	for i, kind := range listed {
		reads.Go(func() (err error) {
			found[i], err = m.list(ctx, kind)
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, nil, err
	}
	names := map[facts.Ref]bool{}
	for _, c := range wanted {
		names[c.Ref] = true
	}
	for _, some := range found {
		for _, c := range some {
			if !names[c.Ref] {
				others = append(others, c)
			}
		}
	}
	return wanted, others, nil
}

// listed are the kinds that are listed.
func (*Manager) listed(s facts.CompanionScope) (all []string) {
	if s.Copies {
		all = append(all, "Secret")
	}
	if s.Quotas {
		all = append(all, "ResourceQuota", "LimitRange")
	}
	return all
}

// read reads what stands under the name of a companion.
func (m *Manager) read(ctx context.Context, c *facts.Companion) error {
	live, err := m.at(c.Kind, c.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", c.Ref, err)
	}
	if c.Kind == "Secret" {
		m.Hide(live)
	}
	m.keep(&m.live, c.Ref, live)
	says := describe(c, live)
	source := m.source(c.Ref)
	if source == nil {
		return nil
	}
	c.Same = says.Version == versionOf(source)
	switch c.Kind {
	case "ResourceQuota":
		c.Remake = !sameScopes(live, source)
	case "Secret":
		immutable, _, _ := unstructured.NestedBool(live.Object, "immutable")
		typed := reflect.DeepEqual(live.Object["type"], source.Object["type"])
		same := sameData(live, source)
		c.Same = c.Same && typed && same
		c.Remake = !typed || immutable && !same
	}
	return nil
}

// sameScopes returns whether two ResourceQuotas count within the same scopes, which Kubernetes
// lets nobody change.
func sameScopes(a, b *unstructured.Unstructured) bool {
	of, _, _ := unstructured.NestedStringSlice(a.Object, "spec", "scopes")
	in, _, _ := unstructured.NestedStringSlice(b.Object, "spec", "scopes")
	slices.Sort(of)
	slices.Sort(in)
	return slices.Equal(of, in)
}

// sameData returns whether two Secrets hold the same. One without data may have none, or null.
func sameData(a, b *unstructured.Unstructured) bool {
	of, _, _ := unstructured.NestedMap(a.Object, "data")
	in, _, _ := unstructured.NestedMap(b.Object, "data")
	return len(of) == 0 && len(in) == 0 || reflect.DeepEqual(of, in)
}

// list returns what bears the label of a companion, without its content.
func (m *Manager) list(ctx context.Context, kind string) (found []facts.Companion, err error) {
	list, err := m.Metadata.Resource(kinds[kind]).Namespace(m.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ownership.LabelCompanion})
	if err != nil {
		return nil, fmt.Errorf("list %s in namespace %s: %w", kinds[kind].Resource, m.Namespace, err)
	}
	for i := range list.Items {
		c := facts.Companion{Ref: m.ref(kind, list.Items[i].Name)}
		describe(&c, &list.Items[i])
		found = append(found, c)
	}
	return found, nil
}

// describe notes what an object's metadata says, and returns its marks.
func describe(c *facts.Companion, o metav1.Object) ownership.Companion {
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	says, ours := ownership.CompanionOf(self(c.Ref), labels, annotations)
	c.UID, c.Version, c.Deleting = string(o.GetUID()), o.GetResourceVersion(), o.GetDeletionTimestamp() != nil
	c.Ours = ours && (says.Kind == ownership.CompanionCopy) == (c.Kind == "Secret")
	c.Made, c.Releases = says.Source, says.Releases
	c.KeepWhy, _ = ownership.KeepMark(labels, annotations)
	if c.KeepWhy == "" && ownership.KeptByPolicy(annotations) {
		c.KeepWhy = ownership.WhyPolicy
	}
	return says
}

// self is how a companion calls itself.
func self(r facts.Ref) string { return r.Namespace + "/" + r.Name }

func (m *Manager) ref(kind, name string) facts.Ref {
	return facts.Ref{APIVersion: "v1", Kind: kind, Namespace: m.Namespace, Name: name}
}

func (m *Manager) at(kind, namespace string) dynamic.ResourceInterface {
	return m.Dynamic.Resource(kinds[kind]).Namespace(namespace)
}

func (m *Manager) keep(in *map[facts.Ref]*unstructured.Unstructured, ref facts.Ref, o *unstructured.Unstructured) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if *in == nil {
		*in = map[facts.Ref]*unstructured.Unstructured{}
	}
	(*in)[ref] = o
}

// source returns what a companion is made of, or nil.
func (m *Manager) source(ref facts.Ref) *unstructured.Unstructured {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sources[ref]
}

// readAs returns a companion as it was read.
func (m *Manager) readAs(ref facts.Ref) *unstructured.Unstructured {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.live[ref]
}

// changed returns an error that says so where an object is not any more as it was read.
func changed(err error, tried string, c facts.Companion) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err):
		return fmt.Errorf("%s %s: %w: %w", tried, c.Ref, facts.ErrChanged, err)
	}
	return fmt.Errorf("%s %s: %w", tried, c.Ref, err)
}

var errNoSource = errors.New("what it is made of was not read")
