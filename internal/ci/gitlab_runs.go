package ci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

const pipelineMark = "#pipeline="

// gitLabJobPath matches the path of a job, with or without the mark of its pipeline.
var gitLabJobPath = regexp.MustCompile(`^[1-9][0-9]{0,17}(` + pipelineMark + `[1-9][0-9]{0,17})?$`)

var gitLabID = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// gitLabRunMark returns what is written down of the pipeline that a job is of. A browser
// shows the job all the same.
func gitLabRunMark(pipeline string) string {
	if !gitLabID.MatchString(pipeline) {
		return ""
	}
	return pipelineMark + pipeline
}

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

// gitLabRuns returns the API of GitLab's jobs, which are what Berth calls runs. Without a
// token of the user's, the job's own is taken, which may ask for the jobs of a pipeline,
// and not for one job.
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
	if own := getenv("CI_JOB_TOKEN"); token == "" && own != "" {
		a.token, a.header = own, http.Header{"Job-Token": {own}, "User-Agent": {"berth"}}
		a.ask = pipelineJobs{a, joinURL(getenv("CI_API_V4_URL"), "projects", getenv("CI_PROJECT_ID"), "pipelines")}.status
	}
	return a
}

// pipelineJobs asks about a job by its pipeline.
// https://docs.gitlab.com/api/jobs/#list-pipeline-jobs
type pipelineJobs struct {
	api *runAPI
	url string // of the project's pipelines
}

const (
	jobsPerPage = 20 // an answer has bounds, and each job its commit's message
	maxJobPages = 25
)

func (p pipelineJobs) status(ctx context.Context, path string) (string, error) {
	job, pipeline, known := strings.Cut(path, pipelineMark)
	if !known {
		return "", errors.New("it is not written down in which pipeline it was, and without that a job's own token may not ask; give " +
			p.api.tokenHint)
	}
	for page := 1; page <= maxJobPages; page++ {
		var jobs []struct {
			ID     int64  `json:"id"`
			Status string `json:"status"`
		}
		address := fmt.Sprintf("%s%s/jobs?include_retried=true&per_page=%d&page=%d", p.url, pipeline, jobsPerPage, page)
		if err := p.api.get(ctx, address, &jobs); err != nil {
			return "", err
		}
		for _, j := range jobs {
			if strconv.FormatInt(j.ID, 10) == job {
				return j.Status, nil
			}
		}
		if len(jobs) < jobsPerPage {
			break
		}
	}
	return "", errors.New("it answered with the jobs of its pipeline, and this is none of them")
}
