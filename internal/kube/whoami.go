package kube

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Whoami returns the user that the API server sees, such as
// system:serviceaccount:ci:deployer. It is empty where the server does not tell,
// since it has no SelfSubjectReview or forbids it.
func (c *Conn) Whoami(ctx context.Context) (string, error) {
	c.mu.Lock()
	known := c.user
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	review, err := c.clientset.AuthenticationV1().SelfSubjectReviews().
		Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("ask %s who we are: %w", c.Host(), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user = review.Status.UserInfo.Username
	return c.user, nil
}
