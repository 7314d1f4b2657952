package ci

import (
	"net/http"
	"regexp"

	"github.com/berth-dev/berth/internal/facts"
)

var gitLabJobForm = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// gitLabStates are the statuses of a job. One that waits for a person (manual)
// or for a callback tells nothing.
// https://docs.gitlab.com/api/jobs/
var gitLabStates = map[string]facts.RunState{
	"canceled": facts.RunEnded,
	"failed":   facts.RunEnded,
	"skipped":  facts.RunEnded,
	"success":  facts.RunEnded,

	"canceling":            facts.RunRunning,
	"created":              facts.RunRunning,
	"pending":              facts.RunRunning,
	"preparing":            facts.RunRunning,
	"running":              facts.RunRunning,
	"scheduled":            facts.RunRunning,
	"waiting_for_resource": facts.RunRunning,
}

// gitLabRuns asks about jobs: Berth's runs are GitLab's jobs. A job's own token
// is refused there (https://docs.gitlab.com/ci/jobs/ci_job_token/).
func gitLabRuns(getenv func(string) string, token string, transport http.RoundTripper) *runAPI {
	a := &runAPI{
		platform: "GitLab",
		pages:    under(getenv("CI_PROJECT_URL"), "-/jobs"),
		api:      under(getenv("CI_API_V4_URL"), "projects", getenv("CI_PROJECT_ID"), "jobs"),
		form:     gitLabJobForm,
		states:   gitLabStates,
		token:    token,
		header: http.Header{
			"Private-Token": {token},
			"User-Agent":    {"berth"},
		},
		need:   "gitlab-token a token with the scope read_api",
		client: askingClient(transport),
	}
	if id := getenv("CI_JOB_ID"); id != "" {
		a.self = []string{id}
	}
	return a
}
