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

// Runs asks the platform's own API what became of a run.
type Runs interface {
	// RunState says whether the run still goes on. The URL was found on a
	// record, so anybody may have written it: only a run of this run's own
	// repository is asked about, and only where this run's environment says
	// that the API is, so that the token never goes anywhere else.
	//
	// Whatever is not a plain answer is facts.RunUnknown, and then, and only
	// then, there is an error: why it is not known, for whoever debugs.
	RunState(ctx context.Context, runURL string) (facts.RunState, error)
}

// Tokens are what the platforms are asked with. Without one, nothing is asked.
type Tokens struct{ GitHub, GitLab string }

// NewRuns is the Runs of the platform that Detect finds. Outside CI every run
// is unknown.
func NewRuns(getenv func(string) string, t Tokens) Runs {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return gitHubRuns(getenv, t.GitHub, http.DefaultTransport)
	case getenv("GITLAB_CI") == "true":
		return gitLabRuns(getenv, t.GitLab, http.DefaultTransport)
	default:
		return noRuns{}
	}
}

// noRuns is for where no CI runs.
type noRuns struct{}

func (noRuns) RunState(context.Context, string) (facts.RunState, error) {
	return facts.RunUnknown, errors.New("outside CI there is nobody to ask about a run")
}

const (
	// askTimeout bounds a question whose answer can only shorten a wait.
	askTimeout = 5 * time.Second
	// maxAnswer is more than any platform says about a run.
	maxAnswer = 1 << 20
)

// runAPI is a platform's API, as far as this repository's runs go: a run's URL
// begins with pages, and its address in the API with api; what follows is the
// same.
type runAPI struct {
	platform string // for people
	pages    string // empty when the environment does not say
	api      string // likewise
	form     *regexp.Regexp
	self     []string // this very run, after pages
	states   map[string]facts.RunState

	token  string
	header http.Header // with the token in it
	need   string      // the token that is needed, for people
	client *http.Client
}

func (a *runAPI) RunState(ctx context.Context, runURL string) (facts.RunState, error) {
	run, err := a.find(runURL)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("%s is not asked about run %.200q: %w", a.platform, runURL, err)
	}
	status, err := a.status(ctx, run)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("ask %s about run %s: %w", a.platform, run, err)
	}
	state, ok := a.states[status]
	if !ok {
		return facts.RunUnknown, fmt.Errorf("ask %s about run %s: its status %.50q tells neither that it runs nor that it ended", a.platform, run, status)
	}
	return state, nil
}

// find is the run's own part of its URL, when it may be asked about. A run's
// URL is compared and not parsed: one that Berth wrote here fits as it is.
func (a *runAPI) find(runURL string) (string, error) {
	run, ours := strings.CutPrefix(runURL, a.pages)
	switch {
	case a.pages == "" || a.api == "":
		return "", errors.New("the environment does not say which repository this is, or where the API answers")
	case !ours || !a.form.MatchString(run):
		return "", errors.New("it is not a run of this repository")
	case slices.Contains(a.self, run):
		// What began in this run and was killed is not this run's end.
		return "", errors.New("it is this very run, which goes on whatever became of its parts")
	case a.token == "":
		return "", errors.New("no token was given; give " + a.need)
	case !strings.HasPrefix(a.api, "https://"):
		return "", fmt.Errorf("a token is not sent in the clear, and the API is at %s", a.api)
	}
	return run, nil
}

// status asks. Nothing of what is not a plain answer is repeated: it may be
// anybody's words.
func (a *runAPI) status(ctx context.Context, run string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.api+run, nil)
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
		return "", fmt.Errorf("it answered %d; give %s", response.StatusCode, a.need)
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
	if id, _, _ := strings.Cut(run, "/"); id != strconv.FormatInt(answer.ID, 10) {
		return "", fmt.Errorf("it answered about run %d", answer.ID)
	}
	return answer.Status, nil
}

// askingClient follows no redirect: it would take the token along.
func askingClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       askTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// under is where things are found below base, or empty when a part is missing.
func under(base string, parts ...string) string {
	if base == "" || slices.Contains(parts, "") {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.Join(parts, "/") + "/"
}
