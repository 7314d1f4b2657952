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

// parallelReviews bounds how many questions are asked at a time.
const parallelReviews = 16

// Review asks the API server about each permission, in parallel, and returns
// those it denies, in the order asked. An error means that the answer is not
// known; it is the API server's own, wrapped.
//
// Single reviews, not a rules review: that one may be incomplete where an
// authorizer cannot list its rules.
func Review(ctx context.Context, api client.AuthorizationV1Interface, needs []problem.Permission) ([]problem.MissingPermission, error) {
	answers := make([]*problem.MissingPermission, len(needs))
	asks, ctx := errgroup.WithContext(ctx)
	asks.SetLimit(parallelReviews)
	for i, p := range needs {
		asks.Go(func() (err error) {
			answers[i], err = ask(ctx, api, p)
			return err
		})
	}
	if err := asks.Wait(); err != nil {
		return nil, err
	}
	var gaps []problem.MissingPermission
	for _, g := range answers {
		if g != nil {
			gaps = append(gaps, *g)
		}
	}
	return gaps, nil
}

func ask(ctx context.Context, api client.AuthorizationV1Interface, p problem.Permission) (*problem.MissingPermission, error) {
	review := &authv1.SelfSubjectAccessReview{Spec: authv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes(p)}}
	answer, err := api.SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
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

func ofOneNamespace(p problem.Permission) bool {
	return p.Group == "" && p.Resource == "namespaces" && p.Name != ""
}

// ReviewUntil asks like Review, and asks again about what was denied, with
// growing pauses, until nothing required is missing or wait has passed: a
// RoleBinding made by the pipeline itself, or by a controller for each new
// namespace, takes a moment. What is missing only optionally is not waited for.
// onRetry, which may be nil, is told of every new attempt.
func ReviewUntil(ctx context.Context, api client.AuthorizationV1Interface, needs []problem.Permission, wait time.Duration, onRetry func([]problem.MissingPermission, time.Duration)) ([]problem.MissingPermission, error) {
	gaps, err := Review(ctx, api, needs)
	if err != nil || len(Required(gaps)) == 0 || wait <= 0 {
		return gaps, err
	}
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(250*time.Millisecond),
		backoff.WithMaxInterval(2*time.Second),
		backoff.WithMaxElapsedTime(wait),
	)
	for {
		pause := pauses.NextBackOff()
		if pause == backoff.Stop {
			return gaps, nil
		}
		if onRetry != nil {
			onRetry(gaps, pause)
		}
		select {
		case <-ctx.Done():
			return gaps, fmt.Errorf("wait for permissions: %w", ctx.Err())
		case <-time.After(pause):
		}
		denied := make([]problem.Permission, len(gaps))
		for i, g := range gaps {
			denied[i] = g.Permission
		}
		if gaps, err = Review(ctx, api, denied); err != nil || len(Required(gaps)) == 0 {
			return gaps, err
		}
	}
}
