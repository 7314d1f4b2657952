package ci

import (
	"fmt"
	"strconv"
	"time"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// gitLab is GitLab CI: sections in the log; the rest are report files that the
// job declares as artifacts.
type gitLab struct {
	getenv   func(string) string
	printer  *printer
	now      func() time.Time
	sections []string // open ones
	opened   int
}

func (*gitLab) Name() string { return "gitlab" }

// Context reads GitLab's predefined variables. In a merge request pipeline that
// runs in a fork, the review app belongs to the target project.
func (g *gitLab) Context() (Context, error) {
	env := g.getenv
	c := Context{
		Host:           env("CI_SERVER_HOST"),
		Repository:     first(env("CI_MERGE_REQUEST_PROJECT_PATH"), env("CI_PROJECT_PATH")),
		HeadRepository: first(env("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"), env("CI_PROJECT_PATH")),
		DefaultBranch:  env("CI_DEFAULT_BRANCH"),
		SHA:            first(env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), env("CI_COMMIT_SHA")),
		RunURL:         env("CI_JOB_URL"), // a retry is a new job with a URL of its own
		Attempt:        1,
		Event:          g.event(),
	}
	if !c.Event.Tag {
		c.Branch = first(env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), env("CI_COMMIT_BRANCH"), env("CI_COMMIT_REF_NAME"))
	}
	if iid := env("CI_MERGE_REQUEST_IID"); iid != "" {
		number, err := strconv.Atoi(iid)
		if err != nil {
			return c, fmt.Errorf("read CI_MERGE_REQUEST_IID=%q: not a number; set the input pull-request", iid)
		}
		c.PullRequest = number
	}
	return c, nil
}

// event is what the job does to its environment: that, and not the pipeline's
// source, says what a review app is in for. A stop job is one in the pipeline of
// a schedule too.
func (g *gitLab) event() Event {
	action := g.getenv("CI_ENVIRONMENT_ACTION")
	if action == "" && g.getenv("CI_ENVIRONMENT_NAME") != "" {
		action = "start" // what a job with an environment does unless it says otherwise
	}
	e := Event{Name: "pipeline", Tag: g.getenv("CI_COMMIT_TAG") != ""}
	switch {
	case g.getenv("CI_PIPELINE_SOURCE") == "schedule" && action != "stop":
		e.Name = "schedule"
	case action != "":
		e.Name, e.Action = "environment", action
	}
	return e
}

// Group opens a folded section. GitLab needs a name that is one of its kind.
func (g *gitLab) Group(title string) {
	g.opened++
	name := fmt.Sprintf("berth_%d", g.opened)
	g.sections = append(g.sections, name)
	title = text.OneLine(title)
	g.printer.write(fmt.Sprintf("\x1b[0Ksection_start:%d:%s[collapsed=true]\r\x1b[0K%s\n", g.now().Unix(), name, title))
}

// EndGroup closes the section that was opened last.
func (g *gitLab) EndGroup() {
	if len(g.sections) == 0 {
		return
	}
	name := g.sections[len(g.sections)-1]
	g.sections = g.sections[:len(g.sections)-1]
	g.printer.write(fmt.Sprintf("\x1b[0Ksection_end:%d:%s\r\x1b[0K\n", g.now().Unix(), name))
}

// Line prints text without control sequences, and so without section markers.
func (g *gitLab) Line(text string) { g.printer.write(plain(text)) }

// Plain is text in one line.
func (g *gitLab) Plain(text string) string { return g.printer.line(text) }

// Mask hides the secret in what Berth prints: a GitLab job cannot add masks.
func (g *gitLab) Mask(secret string) { g.printer.mask(secret) }

// Redact leaves the masked secrets out of text.
func (g *gitLab) Redact(text []byte) []byte { return g.printer.redact(text) }

func (g *gitLab) Publish(r result.Result, dir string) error {
	files, err := reportFiles(r)
	if err != nil {
		return err
	}
	if files[fileAnnotations], err = report.GitLabAnnotations(r); err != nil {
		return err
	}
	files[fileDotenv] = report.Dotenv(report.Outputs(r, reportPath(dir)))
	remark(g, r)
	return g.printer.writeReports(dir, files)
}

// first is the first of the values that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
