package ci

import (
	"net/http"
	"regexp"

	"github.com/berth-dev/berth/internal/facts"
)

// gitLabJobPath matches the path of a job.
var gitLabJobPath = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// gitLabStates maps the status of a job. A job that waits for a person (manual) or
// for a callback tells nothing.
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

// gitLabRuns returns the API of GitLab's jobs, which are what Berth calls runs.
func gitLabRuns(getenv func(string) string, token string, transport http.RoundTripper) *runAPI {
	a := &runAPI{
		api:    gitLabAPI(getenv("CI_API_V4_URL"), token, transport),
		webURL: joinURL(getenv("CI_PROJECT_URL"), "-/jobs"),
		apiURL: joinURL(getenv("CI_API_V4_URL"), "projects", getenv("CI_PROJECT_ID"), "jobs"),
		path:   gitLabJobPath,
		states: gitLabStates,
	}
	if id := getenv("CI_JOB_ID"); id != "" {
		a.own = []string{id}
	}
	return a
}
