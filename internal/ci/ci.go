// Package ci speaks to the platform that Berth runs on: GitHub Actions, GitLab
// CI, or a plain terminal. It reads what a run is about from the environment
// (Platform.Context), decides what the event behind it asks for (Auto), prints,
// publishes the result, and asks whether another run has ended (Runs).
//
// What is printed may contain untrusted text, such as branch names and pod
// logs. Each platform makes sure that such text cannot act as a command.
package ci

import (
	"io"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

// Platform is where Berth runs.
type Platform interface {
	// Context returns what the run is about. With an error it still contains
	// what is known: that is enough for a verb whose inputs say the rest.
	Context() (Context, error)
	// Line prints untrusted text of one line or more.
	Line(text string)
	// Phase prints the title, untrusted text of one line, of what is printed next: on a
	// platform that folds logs, the title of a group, which the next one ends.
	Phase(title string)
	// EndPhase ends the group that is open, if one is.
	EndPhase()
	// Warn shows a warning, of untrusted text, where people look for warnings.
	Warn(title, message string)
	// Notice shows what people may want to know, of untrusted text, and what changes
	// nothing of the run.
	Notice(title, message string)
	// OneLine returns untrusted text as Line would print it, joined into one
	// line, for callers that lay it out themselves.
	OneLine(text string) string
	// Mask keeps a secret out of everything that is printed or written from now
	// on.
	Mask(secret string)
	// Masked returns a result without secrets. It is what reports are made of: text
	// is masked before it is written in their syntax, and not after.
	Masked(r result.Result) result.Result
	// Publish puts the result, which is masked, where the platform shows it and, unless dir is
	// empty, writes the report files into that folder. The error is about these
	// files; anything else that cannot be written in this run is warned of.
	Publish(r result.Result, dir string) error
	// PublishFleet is Publish of what a run has to say of many review apps.
	PublishFleet(p Publication, dir string) error
}

// Detect returns the platform that the environment names. It prints to w, without the
// secrets that mask knows by then.
func Detect(getenv func(string) string, w io.Writer, mask *secrets.Mask) Platform {
	printer := newPrinter(w, mask)
	printer.colored = colored(getenv, w)
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return newGitHub(getenv, printer)
	case getenv("GITLAB_CI") == "true":
		return &gitLab{getenv: getenv, printer: printer, now: time.Now}
	default:
		return local{printer}
	}
}
