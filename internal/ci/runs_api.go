package ci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	// requestTimeout is short, since the answer can only shorten a wait.
	requestTimeout = 5 * time.Second
	// maxAnswer is the number of bytes read of an answer. It is more than any
	// platform says about a run.
	maxAnswer = 1 << 20
)

// runAPI is the part of a platform's API that tells about the runs of one
// repository. The URL of a run for people is webURL followed by the run's path,
// such as 41/attempts/2; its address in the API is apiURL followed by the same
// path.
type runAPI struct {
	platform string // name for people
	webURL   string // empty when the environment does not tell it
	apiURL   string // empty when the environment does not tell it
	path     *regexp.Regexp
	own      []string // paths of the run that Berth itself runs in
	states   map[string]facts.RunState

	token     string
	header    http.Header // contains the token
	tokenHint string      // for people: which token to give
	client    *http.Client
}

// RunState implements Runs.
func (a *runAPI) RunState(ctx context.Context, runURL string) (facts.RunState, error) {
	path, err := a.pathOf(runURL)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("%s is not asked about run %.200q: %w", a.platform, runURL, err)
	}
	status, err := a.status(ctx, path)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("ask %s about run %s: %w", a.platform, path, err)
	}
	state, ok := a.states[status]
	if !ok {
		return facts.RunUnknown,
			fmt.Errorf("ask %s about run %s: its status %.50q tells neither that it runs nor that it ended", a.platform, path, status)
	}
	return state, nil
}

// pathOf returns the path of a run that may be asked about. It compares the URL
// with webURL and does not parse it, so that only URLs in exactly the form that
// Berth stores are accepted.
func (a *runAPI) pathOf(runURL string) (string, error) {
	path, ours := strings.CutPrefix(runURL, a.webURL)
	switch {
	case a.webURL == "" || a.apiURL == "":
		return "", errors.New("the environment does not say which repository this is, or where the API answers")
	case !ours || !a.path.MatchString(path):
		return "", errors.New("it is not a run of this repository")
	case slices.Contains(a.own, path):
		// An operation that was killed may have been started by this run, which
		// has not ended with it.
		return "", errors.New("it is this very run, which goes on whatever became of its parts")
	case a.token == "":
		return "", errors.New("no token was given; give " + a.tokenHint)
	case !strings.HasPrefix(a.apiURL, "https://"):
		return "", fmt.Errorf("a token is not sent in the clear, and the API is at %s", a.apiURL)
	}
	return path, nil
}

// status returns the field "status" that the API answers with. Errors quote
// nothing of an unexpected answer, since it is untrusted.
func (a *runAPI) status(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.apiURL+path, http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header = a.header.Clone()
	response, err := a.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return "", fmt.Errorf("it answered %d; give %s", response.StatusCode, a.tokenHint)
	default:
		return "", fmt.Errorf("it answered %d", response.StatusCode)
	}
	var answer struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return "", fmt.Errorf("read its answer: %w", err)
	}
	if id, _, _ := strings.Cut(path, "/"); id != strconv.FormatInt(answer.ID, 10) {
		return "", fmt.Errorf("it answered about run %d", answer.ID)
	}
	return answer.Status, nil
}

// newRunClient returns a client that follows no redirects, since it would send
// the token along.
func newRunClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// joinURL returns base and parts joined by slashes, with one at the end. It
// returns "" when any of them is empty.
func joinURL(base string, parts ...string) string {
	if base == "" || slices.Contains(parts, "") {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.Join(parts, "/") + "/"
}
