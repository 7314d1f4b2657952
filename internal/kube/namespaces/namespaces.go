// Package namespaces makes, marks, reads and deletes the namespaces of review
// apps.
package namespaces

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Manager makes, marks, reads and deletes namespaces. An error of its methods is
// a *problem.Problem, or the API server's own, wrapped, for the caller to
// classify.
type Manager struct {
	Client   kubernetes.Interface
	Metadata metadata.Interface // reads objects without their content
	Served   Served             // for Residents
}

// Get reads a namespace. One that does not exist, or may not be read, is no
// error: its Phase says so.
func (m Manager) Get(ctx context.Context, name string) (facts.Namespace, error) {
	ns, err := m.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return facts.Namespace{Name: name, Phase: facts.NamespaceAbsent}, nil
	case apierrors.IsForbidden(err):
		return facts.Namespace{Name: name, Phase: facts.NamespaceHidden}, nil
	case err != nil:
		return facts.Namespace{}, fmt.Errorf("read namespace %s: %w", name, err)
	}
	return factsOf(ns), nil
}

// OfApp lists the namespaces of the branches of one app of a repository, which is
// given by its hash. It needs the permission to list namespaces.
func (m Manager) OfApp(ctx context.Context, repository, app string) ([]facts.Namespace, error) {
	selector := labels.SelectorFromSet(labels.Set{ownership.LabelRepository: repository, ownership.LabelApp: app})
	list, err := m.Client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, fmt.Errorf("list the namespaces labelled %s: %w", selector, err)
	}
	found := make([]facts.Namespace, len(list.Items))
	for i := range list.Items {
		found[i] = factsOf(&list.Items[i])
	}
	return found, nil
}

// Ensured is a namespace that Ensure found or made.
type Ensured struct {
	facts.Namespace
	Made  bool          // by this call
	Notes []result.Note // what a person should know about it
}

// Ensure makes the namespace unless it exists. An existing one is returned as it
// is, terminating or somebody else's, for the caller to judge.
//
// Whoever may not create namespaces gets 403 for the POST even when the namespace
// exists, which is why Helm's own --create-namespace fails for them. So on 403
// the namespace is read before that counts as a failure.
func (m Manager) Ensure(ctx context.Context, name string, labels, annotations map[string]string) (Ensured, error) {
	made, err := m.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      ownership.Merge(labels, map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}),
		Annotations: annotations,
	}}, metav1.CreateOptions{})
	switch {
	case apierrors.IsAlreadyExists(err): // somebody was faster, or it exists and may not be read
		found, err := m.Get(ctx, name)
		return Ensured{Namespace: found}, err
	case apierrors.IsForbidden(err):
		found, readErr := m.Get(ctx, name)
		switch {
		case readErr != nil:
			return Ensured{}, readErr
		case found.Phase == facts.NamespaceActive || found.Phase == facts.NamespaceTerminating:
			return Ensured{Namespace: found}, nil
		}
		return Ensured{}, denied("create namespace "+name, "Grant the verb create on namespaces, or make the namespace beforehand.",
			problem.Permission{Verb: "create", Why: "make the review app's namespace"}, err)
	case err != nil:
		return Ensured{}, fmt.Errorf("create namespace %s: %w", name, err)
	}
	return m.markMade(ctx, made)
}

// markMade writes the UID of a namespace that was just made on it; before, it had
// none. Without permission to patch, there is no proof that Berth made it, so it
// does not count as Berth's and nothing will delete it.
func (m Manager) markMade(ctx context.Context, made *corev1.Namespace) (Ensured, error) {
	ours, err := m.Mark(ctx, made.Name, string(made.UID), nil, nil)
	if apierrors.IsForbidden(err) {
		return Ensured{Namespace: factsOf(made), Made: true, Notes: []result.Note{{
			Level: result.LevelNotice,
			Title: "The namespace will be kept",
			Message: fmt.Sprintf("Berth made namespace %s but may not patch namespaces, so it cannot write on it that it made it: "+
				"teardown will empty it and leave it. Grant patch on namespaces to have it deleted.", made.Name),
		}}}, nil
	}
	if err != nil {
		return Ensured{Namespace: factsOf(made), Made: true}, err
	}
	return Ensured{Namespace: ours, Made: true}, nil
}

// Mark adopts a namespace as Berth's, or updates one that is: it writes the labels
// and annotations and the namespace's own UID. The UID is a precondition, so that
// one made anew under the same name is left alone.
func (m Manager) Mark(ctx context.Context, name, uid string, labels, annotations map[string]string) (facts.Namespace, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":         uid,
		"labels":      ownership.Merge(labels, map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}),
		"annotations": ownership.Merge(annotations, map[string]string{ownership.AnnotationNamespaceUID: uid}),
	}})
	if err != nil {
		return facts.Namespace{}, fmt.Errorf("mark namespace %s: %w", name, err)
	}
	ns, err := m.Client.CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return facts.Namespace{}, fmt.Errorf("write Berth's labels and annotations on namespace %s: %w", name, err)
	}
	return factsOf(ns), nil
}

// Stamp writes on a namespace of Berth's that this run is about to deploy there, with what
// else there is to note, and, with share, that more than one branch has. A note that is empty
// takes an older one away. Every run writes another text, so that the
// namespace gets another resourceVersion: a deletion that was decided before fails. The
// UID is a precondition. The error wraps facts.ErrChanged where the namespace is gone, or
// another has its name.
func (m Manager) Stamp(ctx context.Context, ns facts.Namespace, notes map[string]string, share bool) (facts.Namespace, error) {
	annotations := make(map[string]any, len(notes)+1)
	for key, note := range notes {
		if annotations[key] = note; note == "" {
			annotations[key] = nil
		}
	}
	if share {
		annotations[ownership.AnnotationShared] = "true"
	}
	tried := "note on namespace " + ns.Name + " that this run deploys there"
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": ns.UID, "annotations": annotations}})
	if err != nil {
		return ns, fmt.Errorf("%s: %w", tried, err)
	}
	stamped, err := m.Client.CoreV1().Namespaces().Patch(ctx, ns.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err), apierrors.IsInvalid(err):
		return ns, fmt.Errorf("%s: %w: %w", tried, facts.ErrChanged, err)
	case apierrors.IsForbidden(err):
		return ns, denied(tried, "Grant the verb patch on namespaces, then run again.",
			problem.Permission{Verb: "patch", Name: ns.Name, Why: "note who deploys there, so that no teardown takes it away"}, err)
	case err != nil:
		return ns, fmt.Errorf("%s: %w", tried, err)
	}
	return factsOf(stamped), nil
}
