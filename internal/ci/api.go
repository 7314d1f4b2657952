package ci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/platformapi"
)

const (
	// requestTimeout is short: a run asks before it begins, or to shorten a wait.
	requestTimeout = 5 * time.Second
	// maxAnswer is the number of bytes read of an answer. It is more than any
	// platform says about a run or a pull request.
	maxAnswer = 1 << 20
)

// api is a platform's API, as far as every question to it is alike.
type api struct {
	platform  string // name for people
	token     string
	header    http.Header // contains the token
	tokenHint string      // for people: which token to give
	client    *http.Client
}

func gitHubAPI(base, token, hint string, transport http.RoundTripper) api {
	return api{
		platform: "GitHub",
		token:    token,
		header: http.Header{
			"Accept":               {"application/vnd.github+json"},
			"Authorization":        {"Bearer " + token},
			"User-Agent":           {"berth"},
			"X-Github-Api-Version": {"2022-11-28"},
		},
		tokenHint: "github-token a token with the permission " + hint,
		client:    newAPIClient(base, transport),
	}
}

// gitLabAPI asks with a token of the user's: a job's own may ask for little
// (https://docs.gitlab.com/ci/jobs/ci_job_token/).
func gitLabAPI(base, token string, transport http.RoundTripper) api {
	return api{
		platform: "GitLab",
		token:    token,
		header: http.Header{
			"Private-Token": {token},
			"User-Agent":    {"berth"},
		},
		tokenHint: "gitlab-token a token with the scope read_api",
		client:    newAPIClient(base, transport),
	}
}

// mayAsk returns why the token is not sent to an address, or nil.
func (a *api) mayAsk(address string) error {
	switch {
	case address == "":
		return errors.New("the environment does not say which repository this is, or where the API answers")
	case a.token == "":
		return errors.New("no token was given; give " + a.tokenHint)
	case !strings.HasPrefix(address, "https://"):
		return fmt.Errorf("a token is not sent in the clear, and the API is at %s", address)
	}
	return nil
}

// get reads what the API answers at a URL. Errors quote nothing of an unexpected
// answer, since it is untrusted.
func (a *api) get(ctx context.Context, address string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	request.Header = a.header.Clone()
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		refused := platformapi.Refused(response)
		if refused.Denied() {
			return fmt.Errorf("%w; give %s", refused, a.tokenHint)
		}
		return refused
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("read its answer: %w", err)
	}
	return nil
}

func newAPIClient(base string, transport http.RoundTripper) *http.Client {
	return platformapi.NewClient(base, transport, platformapi.Limits{Time: requestTimeout, Bytes: maxAnswer})
}

// joinURL returns base, without user and password, and parts joined by slashes, with one
// at the end. It
// returns "" when any of them is empty.
func joinURL(base string, parts ...string) string {
	if base == "" || slices.Contains(parts, "") {
		return ""
	}
	return strings.TrimSuffix(withoutUser(base), "/") + "/" + strings.Join(parts, "/") + "/"
}

// withoutUser returns an address of the platform without user and password: it is shown,
// and that of a run is written down in the cluster. What is no address is none.
func withoutUser(address string) string {
	if !strings.Contains(address, "@") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}
