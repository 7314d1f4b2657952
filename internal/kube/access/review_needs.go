package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	authv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"

	"github.com/berth-dev/berth/internal/problem"
)

// parallelNames bounds how many objects of one kind are asked about by their names.
const parallelNames = 20

// Reviewed is what came of a review of many needs.
type Reviewed struct {
	Missing []problem.MissingPermission // in the order of the needs
	Unknown []problem.Permission        // nobody may ask about them, which is no denial
}

// ReviewNeeds asks about the needs of a chart in as few requests as it can: one SelfSubjectRulesReview for
// each namespace, which lists what is granted there, and a SelfSubjectAccessReview for each kind and verb
// that it does not list. What a rules review leaves out may be granted all the same, by an
// authorizer that cannot list its rules, and at the scope of the cluster it tells nothing: a
// RoleBinding may grant there what has no effect.
func ReviewNeeds(ctx context.Context, api client.AuthorizationV1Interface, trials rbacclient.RbacV1Interface, needs []problem.Need) (
	Reviewed, error) {
	r := reviewer{api: api, trials: trials, rules: map[string]*ruleList{}}
	if err := r.readRules(ctx, needs); err != nil {
		return Reviewed{}, err
	}
	missing, unknown := make([]*problem.MissingPermission, len(needs)), make([]bool, len(needs))
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(parallelReviews)
	for i, n := range needs {
		calls.Go(func() (err error) {
			if missing[i], err = r.review(ctx, n); apierrors.IsForbidden(err) {
				unknown[i], err = true, nil
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		return Reviewed{}, err
	}
	var found Reviewed
	for i, n := range needs {
		switch {
		case unknown[i]:
			found.Unknown = append(found.Unknown, n.Permission)
		case missing[i] != nil:
			missing[i].HandedOn, missing[i].Guessed = n.HandsOn, n.Guessed
			found.add(*missing[i])
		}
	}
	return found, nil
}

// add adds what is missing once, as what the run cannot do without if it is that for anything.
func (r *Reviewed) add(m problem.MissingPermission) {
	at := slices.IndexFunc(r.Missing, func(known problem.MissingPermission) bool { return known.SameAs(m.Permission) })
	left := func(m problem.MissingPermission) bool { return m.HandedOn || m.Guessed }
	switch {
	case at < 0:
		r.Missing = append(r.Missing, m)
	case r.Missing[at].Optional && !m.Optional, r.Missing[at].Optional == m.Optional && left(r.Missing[at]) && !left(m):
		r.Missing[at] = m
	}
}

// ReviewNeedsUntil is ReviewNeeds, with the pauses of ReviewUntil.
func ReviewNeedsUntil(ctx context.Context, api client.AuthorizationV1Interface, trials rbacclient.RbacV1Interface,
	needs []problem.Need, wait time.Duration, onRetry func(missing []problem.MissingPermission)) (found Reviewed, err error) {
	_, err = until(ctx, wait, func(ctx context.Context) ([]problem.MissingPermission, error) {
		found, err = ReviewNeeds(ctx, api, trials, needs)
		return found.Missing, err
	}, func(missing []problem.MissingPermission, _ time.Duration) { onRetry(missing) })
	return found, err
}

// reviewer asks about needs.
type reviewer struct {
	api    client.AuthorizationV1Interface
	trials rbacclient.RbacV1Interface
	rules  map[string]*ruleList // by namespace; none where they are not told
}

// ruleList is what a rules review tells of a namespace.
type ruleList struct {
	rules []authv1.ResourceRule
	whole bool
}

// fewNeeds is of how many needs in a namespace each is asked about by itself.
const fewNeeds = 2

// readRules asks for the rules in each namespace of which there is more than a little to ask.
func (r *reviewer) readRules(ctx context.Context, needs []problem.Need) error {
	count := map[string]int{}
	for _, n := range needs {
		if n.Namespace != "" {
			count[n.Namespace]++
		}
	}
	var namespaces []string
	for namespace, n := range count {
		if n > fewNeeds {
			namespaces = append(namespaces, namespace)
		}
	}
	lists := make([]*ruleList, len(namespaces))
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(parallelReviews)
	for i, namespace := range namespaces {
		calls.Go(func() error {
			request := &authv1.SelfSubjectRulesReview{Spec: authv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
			answer, err := r.api.SelfSubjectRulesReviews().Create(ctx, request, metav1.CreateOptions{})
			switch {
			case apierrors.IsForbidden(err), apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
				return nil // each is asked about
			case err != nil:
				return fmt.Errorf("ask what we may do in namespace %s: %w", namespace, err)
			}
			lists[i] = &ruleList{answer.Status.ResourceRules, !answer.Status.Incomplete && answer.Status.EvaluationError == ""}
			return nil
		})
	}
	if err := calls.Wait(); err != nil {
		return err
	}
	for i, namespace := range namespaces {
		if lists[i] != nil {
			r.rules[namespace] = lists[i]
		}
	}
	return nil
}

// review returns what is missing of a need, or nil.
func (r *reviewer) review(ctx context.Context, n problem.Need) (*problem.MissingPermission, error) {
	denied, err := r.denied(ctx, n.Permission, n.Names)
	switch {
	case err == nil && denied != nil && n.Trial != "":
		return r.try(ctx, n, denied), nil
	case err != nil || denied == nil || n.Unless == nil:
		return denied, err
	}
	var names []string
	instead := *n.Unless
	if instead.Name != "" {
		names, instead.Name = []string{instead.Name}, ""
	}
	if other, err := r.denied(ctx, instead, names); err != nil || other == nil {
		return nil, err
	}
	return denied, nil
}

// notHeld is what the API server says of a binding that grants what whoever makes it does not have.
const notHeld = "attempting to grant RBAC permissions not currently held"

// try has the API server say whether a binding could be made, without making it: nobody else knows what
// it grants. It returns the permission as one that the run cannot do without where it could not, nil
// where it could, and as it is where that is not known.
func (r *reviewer) try(ctx context.Context, n problem.Need, denied *problem.MissingPermission) *problem.MissingPermission {
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	var err error
	if n.Namespace != "" {
		binding := &rbacv1.RoleBinding{}
		if err = json.Unmarshal([]byte(n.Trial), binding); err == nil {
			_, err = r.trials.RoleBindings(n.Namespace).Create(ctx, binding, dry)
		}
	} else {
		binding := &rbacv1.ClusterRoleBinding{}
		if err = json.Unmarshal([]byte(n.Trial), binding); err == nil {
			_, err = r.trials.ClusterRoleBindings().Create(ctx, binding, dry)
		}
	}
	switch {
	case err == nil, apierrors.IsAlreadyExists(err): // it asks what is granted first
		return nil
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), notHeld):
		denied.Optional = false
	}
	return denied
}

// denied returns what is denied of a permission on these objects, or nil.
func (r *reviewer) denied(ctx context.Context, p problem.Permission, names []string) (*problem.MissingPermission, error) {
	known := r.rules[p.Namespace]
	if known != nil {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return known.allow(p, name) })
		if known.allow(p, "") || len(names) == 0 && known.allowAny(p) {
			return nil, nil
		}
	}
	answer, err := review(ctx, r.api, p)
	if err != nil || answer == nil || len(names) == 0 {
		return answer, err
	}
	if known == nil || !known.whole {
		if names, err = r.deniedOf(ctx, p, names); err != nil || len(names) == 0 {
			return nil, err
		}
	}
	return answer, nil // a role for all branches names none of them
}

// deniedOf returns those of the names of which a permission is denied. Of too many, all are.
func (r *reviewer) deniedOf(ctx context.Context, p problem.Permission, names []string) (denied []string, err error) {
	if len(names) > parallelNames {
		return names, nil
	}
	for _, name := range names {
		p.Name = name
		answer, err := review(ctx, r.api, p)
		if err != nil {
			return nil, err
		}
		if answer != nil {
			denied = append(denied, name)
		}
	}
	return denied, nil
}

// allow returns whether a rule allows a permission on an object of this name, or on all with "".
func (l *ruleList) allow(p problem.Permission, name string) bool {
	return slices.ContainsFunc(l.rules, func(r authv1.ResourceRule) bool {
		return matches(r, p) && (len(r.ResourceNames) == 0 || name != "" && slices.Contains(r.ResourceNames, name))
	})
}

// allowAny returns whether a rule allows a permission on objects that it names.
func (l *ruleList) allowAny(p problem.Permission) bool {
	return slices.ContainsFunc(l.rules, func(r authv1.ResourceRule) bool { return matches(r, p) })
}

// matches returns whether a rule is about a permission, whatever the object is called. A wildcard that is
// asked for is met by a wildcard alone.
func matches(r authv1.ResourceRule, p problem.Permission) bool {
	has := func(list []string, what string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, what)
	}
	if !has(r.Verbs, p.Verb) || !has(r.APIGroups, p.Group) {
		return false
	}
	_, sub, divided := strings.Cut(p.Resource, "/")
	return has(r.Resources, p.Resource) || divided && slices.Contains(r.Resources, "*/"+sub)
}
