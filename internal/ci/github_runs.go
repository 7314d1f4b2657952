package ci

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// gitHubRunPath matches the path of a run, or of one attempt of it.
var gitHubRunPath = regexp.MustCompile(`^[1-9][0-9]{0,17}(/attempts/[1-9][0-9]{0,8})?$`)

// gitHubStates maps the status of a run. How the run ended is its conclusion,
// which does not matter here.
// https://docs.github.com/en/rest/actions/workflow-runs
var gitHubStates = map[string]facts.RunState{
	"completed":   facts.RunEnded,
	"in_progress": facts.RunRunning,
	"pending":     facts.RunRunning,
	"queued":      facts.RunRunning,
	"requested":   facts.RunRunning,
	"waiting":     facts.RunRunning,
}

func gitHubRuns(getenv func(string) string, token string, transport http.RoundTripper) *runAPI {
	repository := getenv("GITHUB_REPOSITORY")
	a := &runAPI{
		api:    gitHubAPI(getenv("GITHUB_API_URL"), token, "actions: read", transport),
		webURL: gitHubRunsURL(getenv),
		apiURL: joinURL(getenv("GITHUB_API_URL"), "repos", repository, "actions/runs"),
		path:   gitHubRunPath,
		states: gitHubStates,
	}
	// The numbers of runs grow with the events that they are made for.
	a.later = func(path string) facts.Lateness {
		if number, _, _ := strings.Cut(path, "/"); above(number, getenv("GITHUB_RUN_ID")) {
			return facts.ForLaterEvent
		}
		return facts.NotLater
	}
	if id := getenv("GITHUB_RUN_ID"); id != "" {
		a.own = []string{id, gitHubAttempt(getenv)}
	}
	return a
}

// gitHubRunsURL returns the URL under which GitHub shows this repository's runs,
// or "" when the environment does not tell the repository.
func gitHubRunsURL(getenv func(string) string) string {
	return joinURL(gitHubServer(getenv), getenv("GITHUB_REPOSITORY"), "actions/runs")
}

func gitHubServer(getenv func(string) string) string {
	return cmp.Or(getenv("GITHUB_SERVER_URL"), "https://github.com")
}

// gitHubAttempt returns the path of this attempt of this run. The next attempt has
// the same run id and must not be taken for this one.
func gitHubAttempt(getenv func(string) string) string {
	run := getenv("GITHUB_RUN_ID")
	if attempt := getenv("GITHUB_RUN_ATTEMPT"); attempt != "" {
		run += "/attempts/" + attempt
	}
	return run
}
