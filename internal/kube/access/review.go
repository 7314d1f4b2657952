package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"
	authv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/berth-dev/berth/internal/problem"
)

// parallelReviews bounds how many reviews are under way at a time.
const parallelReviews = 16

// Review asks the API server about each permission, in parallel, and returns those
// that it denies, in the order of needs. An error is the API server's own, wrapped,
// and means that nothing is known.
//
// It sends a SelfSubjectAccessReview for each, since a SelfSubjectRulesReview may
// be incomplete where an authorizer cannot list its rules.
func Review(ctx context.Context, api client.AuthorizationV1Interface, needs []problem.Permission) ([]problem.MissingPermission, error) {
	answers := make([]*problem.MissingPermission, len(needs))
	reviews, ctx := errgroup.WithContext(ctx)
	reviews.SetLimit(parallelReviews)
	for i, p := range needs {
		reviews.Go(func() (err error) {
			answers[i], err = review(ctx, api, p)
			return err
		})
	}
	if err := reviews.Wait(); err != nil {
		return nil, err
	}
	var missing []problem.MissingPermission
	for _, g := range answers {
		if g != nil {
			missing = append(missing, *g)
		}
	}
	return missing, nil
}

// review asks about one permission. It returns nil if that is granted.
func review(ctx context.Context, api client.AuthorizationV1Interface, p problem.Permission) (*problem.MissingPermission, error) {
	request := &authv1.SelfSubjectAccessReview{Spec: authv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes(p)}}
	answer, err := api.SelfSubjectAccessReviews().Create(ctx, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask whether we may %s: %w", p, err)
	}
	if answer.Status.Allowed {
		return nil, nil
	}
	reason := answer.Status.Reason
	if reason == "" {
		reason = answer.Status.EvaluationError
	}
	return &problem.MissingPermission{Permission: p, Reason: reason}, nil
}

func attributes(p problem.Permission) *authv1.ResourceAttributes {
	resource, subresource, _ := strings.Cut(p.Resource, "/")
	a := &authv1.ResourceAttributes{
		Verb: p.Verb, Group: p.Group, Resource: resource, Subresource: subresource, Namespace: p.Namespace, Name: p.Name,
	}
	// The API server authorizes a request for one namespace inside that
	// namespace, so that a Role there can grant it.
	if ofOneNamespace(p) {
		a.Namespace = p.Name
	}
	return a
}

// ofOneNamespace reports whether a permission is for one named Namespace object.
func ofOneNamespace(p problem.Permission) bool {
	return p.Group == "" && p.Resource == "namespaces" && p.Name != ""
}

// ReviewUntil asks as Review does and repeats what was denied, with growing pauses,
// until no required permission is missing or wait has passed: a RoleBinding that
// the pipeline itself, or a controller, makes for each new namespace takes a moment
// to count. Optional permissions are not waited for. onRetry, which may be nil, is
// called before each pause with what is missing and how long the pause is.
func ReviewUntil(
	ctx context.Context, api client.AuthorizationV1Interface, needs []problem.Permission, wait time.Duration,
	onRetry func(missing []problem.MissingPermission, pause time.Duration),
) ([]problem.MissingPermission, error) {
	return until(ctx, wait, func(ctx context.Context) (missing []problem.MissingPermission, err error) {
		if missing, err = Review(ctx, api, needs); err == nil {
			needs = permissionsOf(missing)
		}
		return missing, err
	}, onRetry)
}

func permissionsOf(missing []problem.MissingPermission) []problem.Permission {
	denied := make([]problem.Permission, len(missing))
	for i, m := range missing {
		denied[i] = m.Permission
	}
	return denied
}

// until asks, and asks again with growing pauses, until no required permission is missing or wait has
// passed.
func until(ctx context.Context, wait time.Duration, ask func(context.Context) ([]problem.MissingPermission, error),
	onRetry func(missing []problem.MissingPermission, pause time.Duration),
) ([]problem.MissingPermission, error) {
	missing, err := ask(ctx)
	if err != nil || len(required(missing)) == 0 || wait <= 0 {
		return missing, err
	}
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(250*time.Millisecond),
		backoff.WithMaxInterval(2*time.Second),
		backoff.WithMaxElapsedTime(wait),
	)
	for {
		pause := pauses.NextBackOff()
		if pause == backoff.Stop {
			return missing, nil
		}
		if onRetry != nil {
			onRetry(missing, pause)
		}
		select {
		case <-ctx.Done():
			return missing, fmt.Errorf("wait for permissions: %w", ctx.Err())
		case <-time.After(pause):
		}
		if missing, err = ask(ctx); err != nil || len(required(missing)) == 0 {
			return missing, err
		}
	}
}
