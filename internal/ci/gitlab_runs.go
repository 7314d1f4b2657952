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

const (
	pipelineMark    = "#pipeline="
	environmentMark = "&environment="
)

// gitLabJobPath matches the path of a job, with or without the marks of its pipeline and environment.
var gitLabJobPath = regexp.MustCompile(`^[1-9][0-9]{0,17}(` +
	pipelineMark + `[1-9][0-9]{0,17}(` + environmentMark + `[a-z0-9-]{1,63})?)?$`)

var (
	gitLabID   = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	gitLabSlug = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
)

// gitLabRunMark returns what is written down of the pipeline that a job is of, and of its
// environment, by that one's slug. A browser shows the job all the same.
func gitLabRunMark(pipeline, environment string) string {
	switch {
	case !gitLabID.MatchString(pipeline):
		return ""
	case !gitLabSlug.MatchString(environment):
		return pipelineMark + pipeline
	}
	return pipelineMark + pipeline + environmentMark + environment
}

// gitLabMarks returns the parts of a job's path, and "" for what is not written down.
func gitLabMarks(path string) (job, pipeline, environment string) {
	job, marks, _ := strings.Cut(path, pipelineMark)
	pipeline, environment, _ = strings.Cut(marks, environmentMark)
	return job, pipeline, environment
}

// gitLabLater returns how a job is later than this one, where this one stops an environment.
// GitLab plays the stop job of the pipeline that deployed to that environment last, and pipelines
// are numbered as they are made. So an environment that is not used any more, since the jobs or
// environments have other names by now, is stopped by an old job. Within one environment nothing
// is later: the job that GitLab plays is the right one, also where a newer deploy failed, or began
// before the branch was deleted and was waited for.
func gitLabLater(getenv func(string) string, path string) facts.Lateness {
	own := getenv("CI_ENVIRONMENT_SLUG")
	_, pipeline, environment := gitLabMarks(path)
	if getenv("CI_ENVIRONMENT_ACTION") != "stop" || own == "" || environment == "" || environment == own ||
		!above(pipeline, getenv("CI_PIPELINE_ID")) {
		return facts.NotLater
	}
	return facts.InLaterEnvironment
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
		later:  func(path string) facts.Lateness { return gitLabLater(getenv, path) },
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
	job, pipeline, _ := gitLabMarks(path)
	if pipeline == "" {
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
