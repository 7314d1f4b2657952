package ci

import (
	"net/http"
	"regexp"

	"github.com/berth-dev/berth/internal/facts"
)

// gitHubRunForm is a run, or one attempt of it.
var gitHubRunForm = regexp.MustCompile(`^[1-9][0-9]{0,17}(/attempts/[1-9][0-9]{0,8})?$`)

// gitHubStates are the statuses of a run. How it ended is the conclusion, which
// does not matter here.
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
		platform: "GitHub",
		pages:    gitHubRunPages(getenv),
		api:      under(getenv("GITHUB_API_URL"), "repos", repository, "actions/runs"),
		form:     gitHubRunForm,
		states:   gitHubStates,
		token:    token,
		header: http.Header{
			"Accept":               {"application/vnd.github+json"},
			"Authorization":        {"Bearer " + token},
			"User-Agent":           {"berth"},
			"X-Github-Api-Version": {"2022-11-28"},
		},
		need:   "github-token a token with the permission actions: read",
		client: askingClient(transport),
	}
	if id := getenv("GITHUB_RUN_ID"); id != "" {
		a.self = []string{id, gitHubAttempt(getenv)}
	}
	return a
}

// gitHubRunPages is where the pages of this repository's runs are.
func gitHubRunPages(getenv func(string) string) string {
	return under(gitHubServer(getenv), getenv("GITHUB_REPOSITORY"), "actions/runs")
}

func gitHubServer(getenv func(string) string) string {
	return first(getenv("GITHUB_SERVER_URL"), "https://github.com")
}

// gitHubAttempt names this attempt of this run: the next attempt has the run's
// own id and must not pass for it.
func gitHubAttempt(getenv func(string) string) string {
	run := getenv("GITHUB_RUN_ID")
	if attempt := getenv("GITHUB_RUN_ATTEMPT"); attempt != "" {
		run += "/attempts/" + attempt
	}
	return run
}
