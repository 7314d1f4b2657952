package ci

import (
	"context"
	"errors"
	"net/http"

	"github.com/berth-dev/berth/internal/facts"
)

// Runs asks the platform's API about its runs.
type Runs interface {
	// RunState returns whether the run with this URL still goes on. The URL was
	// found on a stored record, so it is untrusted: only runs of this run's own
	// repository are asked about, and only at the API that the environment names,
	// so that the token is sent nowhere else.
	//
	// The state is facts.RunUnknown if and only if there is an error. The error
	// says, for debugging, why the state is not known.
	RunState(ctx context.Context, runURL string) (facts.RunState, error)
	// Later returns how the run with this URL is later than this one, as far as the URLs
	// tell. A run that is repeated keeps the event that it was made for.
	Later(runURL string) facts.Lateness
}

// Tokens authenticate to the platforms' APIs. A platform is not asked without
// its token.
type Tokens struct{ GitHub, GitLab string }

// NewRuns returns the Runs of the platform that Detect returns. Outside CI the
// state of every run is unknown.
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

// noRuns is the Runs outside CI.
type noRuns struct{}

func (noRuns) RunState(context.Context, string) (facts.RunState, error) {
	return facts.RunUnknown, errors.New("outside CI there is nobody to ask about a run")
}

func (noRuns) Later(string) facts.Lateness { return facts.NotLater }
