package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Namespaces makes, marks, reads and deletes the namespaces of review apps.
// Errors that are not a *problem.Problem are the API server's own, wrapped, for
// the caller to classify.
type Namespaces struct {
	Client kubernetes.Interface
}

// Ensured is what Ensure found or made.
type Ensured struct {
	facts.Namespace
	Made  bool          // by this call
	Notes []result.Note // what a person should know about it
}

// Get reads a namespace. That it does not exist, or may not be read, is an
// answer and no error.
func (n Namespaces) Get(ctx context.Context, name string) (facts.Namespace, error) {
	ns, err := n.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return facts.Namespace{Name: name, Phase: facts.NamespaceAbsent}, nil
	case apierrors.IsForbidden(err):
		return facts.Namespace{Name: name, Phase: facts.NamespaceHidden}, nil
	case err != nil:
		return facts.Namespace{}, fmt.Errorf("read namespace %s: %w", name, err)
	}
	return namespaceFacts(ns), nil
}

// Ensure makes the namespace unless it exists. Who may not create namespaces
// meets 403 on a POST even when the namespace is there, which is why Helm's own
// --create-namespace fails for them: then it looks. An existing namespace is
// returned as it is, terminating or another's, for the caller to judge.
func (n Namespaces) Ensure(ctx context.Context, name string, labels, annotations map[string]string) (Ensured, error) {
	made, err := n.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      ownership.Merge(labels, map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}),
		Annotations: annotations,
	}}, metav1.CreateOptions{})
	switch {
	case apierrors.IsAlreadyExists(err):
		// Somebody was quicker, or it is there and hidden from us.
		found, err := n.Get(ctx, name)
		return Ensured{Namespace: found}, err
	case apierrors.IsForbidden(err):
		found, readErr := n.Get(ctx, name)
		switch {
		case readErr != nil:
			return Ensured{}, readErr
		case found.Phase == facts.NamespaceActive || found.Phase == facts.NamespaceTerminating:
			return Ensured{Namespace: found}, nil
		}
		return Ensured{}, notToBeMade(name, err)
	case err != nil:
		return Ensured{}, fmt.Errorf("create namespace %s: %w", name, err)
	}
	return n.claim(ctx, made)
}

func notToBeMade(name string, err error) error {
	return &problem.Problem{
		Reason: problem.PermissionMissing,
		Tried:  "create namespace " + name,
		Cause:  err,
		Next:   "Grant create on namespaces, or make the namespace beforehand.",
		Missing: []problem.MissingPermission{{Permission: problem.Permission{
			Verb: "create", Resource: "namespaces", Why: "make the review app's namespace",
		}, Reason: err.Error()}},
	}
}

// claim writes a namespace's own UID on it, which is known only once it exists.
// Without permission to patch there is no proof that Berth made it, and so it
// is not ours: nothing will delete it.
func (n Namespaces) claim(ctx context.Context, made *corev1.Namespace) (Ensured, error) {
	ours, err := n.Mark(ctx, made.Name, string(made.UID), nil, nil)
	if apierrors.IsForbidden(err) {
		return Ensured{Namespace: namespaceFacts(made), Made: true, Notes: []result.Note{{
			Level: result.LevelNotice,
			Title: "The namespace will be kept",
			Message: fmt.Sprintf("Berth made namespace %s but may not patch namespaces, so it cannot write on it that it made it: "+
				"teardown will empty it and leave it. Grant patch on namespaces to have it deleted.", made.Name),
		}}}, nil
	}
	if err != nil {
		return Ensured{Namespace: namespaceFacts(made), Made: true}, err
	}
	return Ensured{Namespace: ours, Made: true}, nil
}

// Mark takes a namespace over, or refreshes the marks on one of ours: it writes
// the labels and annotations and the namespace's own UID. The UID goes along as
// a precondition, so that one re-created under the same name is left alone.
func (n Namespaces) Mark(ctx context.Context, name, uid string, labels, annotations map[string]string) (facts.Namespace, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":         uid,
		"labels":      ownership.Merge(labels, map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth}),
		"annotations": ownership.Merge(annotations, map[string]string{ownership.AnnotationNamespaceUID: uid}),
	}})
	if err != nil {
		return facts.Namespace{}, fmt.Errorf("mark namespace %s: %w", name, err)
	}
	ns, err := n.Client.CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return facts.Namespace{}, fmt.Errorf("write Berth's labels and annotations on namespace %s: %w", name, err)
	}
	return namespaceFacts(ns), nil
}

func namespaceFacts(ns *corev1.Namespace) facts.Namespace {
	seen := facts.Namespace{
		Name:       ns.Name,
		UID:        string(ns.UID),
		Phase:      facts.NamespaceActive,
		Ours:       ownership.IsBerths(string(ns.UID), ns.Labels, ns.Annotations),
		Identity:   ns.Labels[ownership.LabelIdentity],
		Branch:     ns.Annotations[ownership.AnnotationBranch],
		Repository: ns.Annotations[ownership.AnnotationRepository],
	}
	seen.KeepWhy, seen.Keep = ownership.KeepMark(ns.Labels, ns.Annotations)
	if ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating {
		seen.Phase = facts.NamespaceTerminating
		seen.Blocking = blocking(ns)
	}
	return seen
}

// blocking collects what the namespace controller says is in the way.
func blocking(ns *corev1.Namespace) string {
	var why []string
	for _, c := range ns.Status.Conditions {
		if c.Status == corev1.ConditionTrue && c.Message != "" {
			why = append(why, c.Message)
		}
	}
	if len(ns.Finalizers) > 0 {
		why = append(why, "finalizers on the namespace itself: "+strings.Join(ns.Finalizers, ", "))
	}
	return strings.Join(why, "; ")
}
