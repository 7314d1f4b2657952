package platformapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v89/github"
)

// NewGitHub returns a client of the GitHub API at base, which the environment names.
func NewGitHub(base, token string, transport http.RoundTripper, l Limits) (*github.Client, error) {
	base = strings.TrimSuffix(base, "/") + "/"
	// The client puts the token into the request above the transport that is given here.
	return github.NewClient(github.WithHTTPClient(NewClient(base, transport, l)), github.WithAuthToken(token),
		github.WithURLs(&base, nil), github.WithUserAgent("berth"))
}

// GitHubError returns an error of a GitHub client that quotes nothing of an answer: a
// *Refusal for an answer that is no success.
func GitHubError(err error) error {
	var (
		primary   *github.RateLimitError
		secondary *github.AbuseRateLimitError
		accepted  *github.AcceptedError
		redirect  *github.RedirectionError
		otp       *github.TwoFactorAuthError
		answered  *github.ErrorResponse
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &primary):
		return &Refusal{Status: statusOf(primary.Response), Limited: true, Until: primary.Rate.Reset.Time}
	case errors.As(err, &secondary):
		limited := &Refusal{Status: statusOf(secondary.Response), Limited: true}
		if after := secondary.RetryAfter; after != nil {
			limited.Until = time.Now().Add(*after)
		}
		return limited
	case errors.As(err, &accepted):
		return &Refusal{Status: http.StatusAccepted}
	case errors.As(err, &redirect):
		return &Refusal{Status: redirect.StatusCode}
	case errors.As(err, &otp):
		return &Refusal{Status: statusOf(otp.Response)}
	case errors.As(err, &answered):
		status := statusOf(answered.Response)
		return &Refusal{Status: status, Limited: status == http.StatusTooManyRequests}
	}
	return unanswered(err)
}

func statusOf(response *http.Response) int {
	if response == nil {
		return 0
	}
	return response.StatusCode
}
