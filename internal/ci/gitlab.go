package ci

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// gitLab is GitLab CI. It shows what a job writes into the report files that the
// job declares as artifacts.
type gitLab struct {
	getenv  func(string) string
	printer *printer
	now     func() time.Time
}

// Context reads GitLab's predefined variables. The review app of a merge request
// whose pipeline runs in a fork belongs to the target project.
func (g *gitLab) Context() (Context, error) {
	env := g.getenv
	c := Context{
		Host:          env("CI_SERVER_HOST"),
		Repository:    env("CI_PROJECT_PATH"),
		DefaultBranch: env("CI_DEFAULT_BRANCH"),
		RunURL:        withoutUser(env("CI_JOB_URL")), // a retry is a new job with a URL of its own
		Actor:         env("GITLAB_USER_LOGIN"),
		RunMark:       gitLabRunMark(env("CI_PIPELINE_ID"), env("CI_ENVIRONMENT_SLUG")),
		Attempt:       1,
		Event:         g.event(),
	}
	project := cmp.Or(env("CI_MERGE_REQUEST_PROJECT_URL"), env("CI_PROJECT_URL"))
	c.Pages = Pages{Commits: joinURL(project, "-/commit"), Pulls: joinURL(project, "-/merge_requests")}
	if env("CI_MERGE_REQUEST_IID") != "" {
		return g.mergeRequest(c)
	}
	c.HeadRepository, c.SHA = c.Repository, env("CI_COMMIT_SHA")
	if !c.Event.Tag {
		c.Branch = cmp.Or(env("CI_COMMIT_BRANCH"), env("CI_COMMIT_REF_NAME"))
		c.OnRef = env("CI_PIPELINE_SOURCE") != "push"
	}
	return c, nil
}

// mergeRequest returns what a merge request's pipeline is about. Without the source
// project, which may be gone, the branch could be any fork's; with an error no branch
// is known.
func (g *gitLab) mergeRequest(c Context) (Context, error) {
	env, project := g.getenv, c.Repository
	c.Repository = cmp.Or(env("CI_MERGE_REQUEST_PROJECT_PATH"), c.Repository)
	c.HeadUnknown = true
	iid, branch := env("CI_MERGE_REQUEST_IID"), env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
	number, err := strconv.Atoi(iid)
	if err != nil || number < 1 {
		return c, fmt.Errorf("read CI_MERGE_REQUEST_IID=%q: not a number; set the inputs branch, head-repository and pull-request", iid)
	}
	if c.PullRequest = number; branch == "" {
		return c, errors.New("read CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: it is not set; set the inputs branch and head-repository")
	}
	c.Branch, c.SHA = branch, cmp.Or(env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), env("CI_COMMIT_SHA"))
	c.HeadRepository = env("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
	if c.HeadRepository == "" && env("CI_MERGE_REQUEST_PROJECT_PATH") != "" && !strings.EqualFold(project, c.Repository) {
		c.HeadRepository = project // the pipeline runs in the fork
	}
	c.HeadUnknown = c.HeadRepository == ""
	c.Pull = Pull{Draft: env("CI_MERGE_REQUEST_DRAFT") == "true", Member: true}
	if labels := env("CI_MERGE_REQUEST_LABELS"); labels != "" {
		c.Pull.Labels = strings.Split(labels, ",") // none has a comma
	}
	return c, nil
}

// event returns what the job does to its environment: that, and not the source of
// the pipeline, decides about the review app. A job that stops an environment
// does so in a scheduled pipeline too.
func (g *gitLab) event() Event {
	action := g.getenv("CI_ENVIRONMENT_ACTION")
	if action == "" && g.getenv("CI_ENVIRONMENT_NAME") != "" {
		action = "start" // GitLab's default for a job with an environment
	}
	e := Event{Name: "pipeline", Tag: g.getenv("CI_COMMIT_TAG") != ""}
	switch {
	case g.getenv("CI_PIPELINE_SOURCE") == "schedule" && action != "stop":
		e.Name, e.Action = "schedule", action
	case action != "":
		e.Name, e.Action = "environment", action
	}
	return e
}

// Line removes control sequences, and with them the markers of log sections.
func (g *gitLab) Line(text string) { g.printer.printText(g.printer.paint(g.printer.sanitize(text))) }

// Phase begins a section of the log, unfolded:
// https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections.
func (g *gitLab) Phase(title string) {
	g.EndPhase()
	number := g.printer.begin()
	g.printer.printText(fmt.Sprintf("\x1b[0Ksection_start:%d:berth_%d\r\x1b[0K%s\n", g.now().Unix(), number, g.printer.oneLine(title)))
}

func (g *gitLab) EndPhase() {
	if number, open := g.printer.end(); open {
		g.printer.printText(fmt.Sprintf("\x1b[0Ksection_end:%d:berth_%d\r\x1b[0K\n", g.now().Unix(), number))
	}
}

func (g *gitLab) Warn(title, message string) { note(g.Line, result.LevelWarning, title, message) }

func (g *gitLab) Notice(title, message string) { note(g.Line, result.LevelNotice, title, message) }

func (g *gitLab) OneLine(text string) string { return g.printer.oneLine(text) }

// Mask affects only what Berth prints: a GitLab job cannot add masks.
func (g *gitLab) Mask(secret string) { g.printer.give(secret) }

func (g *gitLab) Masked(r result.Result) result.Result { return g.printer.masked(r) }

// reportPage returns where GitLab shows the report's page once the job's artifacts have the
// folder of the report, or "" if that is not in the project's.
func (g *gitLab) reportPage(dir, page string) string {
	job := withoutUser(g.getenv("CI_JOB_URL"))
	if job == "" || dir == "" {
		return ""
	}
	folder, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	within, err := filepath.Rel(g.getenv("CI_PROJECT_DIR"), folder)
	if err != nil || !filepath.IsLocal(within) {
		return ""
	}
	path := url.URL{Path: filepath.ToSlash(filepath.Join(within, page))}
	return strings.TrimSuffix(job, "/") + "/artifacts/file/" + path.EscapedPath()
}

func (g *gitLab) Publish(r result.Result, dir string) error {
	p, err := publicationOf(r)
	if err != nil {
		return err
	}
	return g.PublishFleet(p, dir)
}

func (g *gitLab) PublishFleet(p Publication, dir string) (err error) {
	files, ended := map[string][]byte{}, result.Result{}
	maps.Copy(files, p.Files)
	if p.Ended != nil {
		ended = *p.Ended
		files[fileDotenv] = report.Dotenv(report.Outputs(ended, reportPath(dir, p.Document)))
	}
	if files[fileAnnotations], err = report.GitLabAnnotations(ended, g.reportPage(dir, p.Page)); err != nil {
		return err
	}
	printNotes(g.Line, p.notes())
	return g.printer.writeReports(dir, files)
}
