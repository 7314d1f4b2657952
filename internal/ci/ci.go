// Package ci knows the platform that Berth runs on: what the run is about, what
// the event behind it asks for, and how to speak so that people see it. GitHub
// Actions, GitLab CI and a plain terminal look the same from outside.
//
// Everything printed through it may hold untrusted text: each platform makes
// sure that text cannot act as a command.
package ci

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// Platform is where Berth runs.
type Platform interface {
	// Name is github, gitlab or local.
	Name() string
	// Context is what the run is about. With an error it still holds what
	// could be found out, so that a verb that is told everything by its
	// inputs can go on.
	Context() (Context, error)
	// Group begins a foldable group of lines, EndGroup ends the last one.
	Group(title string)
	EndGroup()
	// Line prints text, of one line or more, that nobody has to trust.
	Line(text string)
	// Plain is text as Line would print it, in one line, for whoever has to lay
	// it out.
	Plain(text string) string
	// Mask keeps a secret out of everything printed or written from now on.
	Mask(secret string)
	// Redact leaves the masked secrets out of what is written elsewhere.
	Redact(text []byte) []byte
	// Publish puts the result where the platform shows it and, when dir is
	// not empty, writes the report files there. What the platform does not
	// offer in this run is said in a line and is no error.
	Publish(r result.Result, dir string) error
}

// Detect finds the platform from the environment. What is said goes to w.
func Detect(getenv func(string) string, w io.Writer) Platform {
	printer := newPrinter(w)
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return newGitHub(getenv, printer)
	case getenv("GITLAB_CI") == "true":
		return &gitLab{getenv: getenv, printer: printer, now: time.Now}
	default:
		return local{printer}
	}
}

// Context is what a run is about. Branch and what comes from an event's payload
// is untrusted text.
type Context struct {
	Host           string // the platform's server: github.com
	Repository     string // owner/name that the review app belongs to
	HeadRepository string // owner/name that the branch lives in; a fork's differs
	Branch         string // empty when the event is not about a branch
	DefaultBranch  string
	PullRequest    int // 0: none
	SHA            string
	RunURL         string // of this attempt of the run; GitLab: of the job
	Attempt        int
	Event          Event
}

// Fork says that the branch lives in another repository.
func (c Context) Fork() bool { return c.HeadRepository != c.Repository }

// Event is what made the platform start this run.
type Event struct {
	Name    string // pull_request, push, delete, schedule, …; GitLab: environment, schedule, pipeline
	Action  string // of a pull request: opened, closed, …; of an environment: start, stop, …
	Tag     bool   // it is about a tag, not about a branch
	Deleted bool   // a push that deleted its branch
}

// The names of the report files.
const (
	fileJSON        = "report.json"
	fileMarkdown    = "report.md"
	fileJUnit       = "junit.xml"
	fileAnnotations = "annotations.json"
	fileDotenv      = "berth.env"
)

// reportFiles are the files that every platform gets.
func reportFiles(r result.Result) (map[string][]byte, error) {
	asJSON, err := report.JSON(r)
	if err != nil {
		return nil, err
	}
	junit, err := report.JUnit(r)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		fileJSON:     asJSON,
		fileMarkdown: []byte(report.Markdown(r)),
		fileJUnit:    junit,
	}, nil
}

// remark prints the warnings and notices where there are no annotations. Errors
// are left out: how the run ended is what report.Text begins with.
func remark(p Platform, r result.Result) {
	for _, note := range report.Annotations(r) {
		if note.Level == result.LevelError {
			continue
		}
		text := fmt.Sprintf("%s: %s", note.Level, note.Title)
		if note.Message != "" && note.Message != note.Title {
			text += ": " + note.Message
		}
		p.Line(text)
	}
}

// reportPath is the output "report": the path as the user gave it, since in a
// container the absolute one means nothing to the next step.
func reportPath(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, fileJSON)
}
