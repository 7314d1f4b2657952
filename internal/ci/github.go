package ci

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/sethvargo/go-githubactions"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// maxSummary is the number of bytes that GitHub accepts as a step's summary. It
// drops a larger one.
const maxSummary = 1 << 20

// gitHub is GitHub Actions: annotations and masks are workflow commands in the
// log; outputs and the job summary are files that the runner names.
type gitHub struct {
	getenv  func(string) string
	printer *printer
	action  *githubactions.Action
	token   func() string // returns a new word that nobody can guess
}

func newGitHub(getenv func(string) string, p *printer) *gitHub {
	return &gitHub{
		getenv:  getenv,
		printer: p,
		action:  githubactions.New(githubactions.WithWriter(p), githubactions.WithGetenv(getenv)),
		token:   func() string { return "berth-" + rand.Text() },
	}
}

// Line keeps the runner from executing workflow commands in text: it looks for "::" at
// the start of a line and for "##[" anywhere in it. Text with either is printed between
// stop-commands markers.
func (g *gitHub) Line(text string) {
	text = g.printer.sanitize(text)
	painted := g.printer.paint(text)
	if hasCommand(text) {
		token := g.token()
		painted = "::stop-commands::" + token + "\n" + painted + "::" + token + "::\n"
	}
	g.printer.printText(painted)
}

// hasCommand returns whether the runner could find a command in text that is safe to
// print otherwise. What it takes for white space before "::" need not be what we do, so
// that whatever is no plain character counts as such.
func hasCommand(text string) bool {
	if strings.Contains(text, "##[") {
		return true
	}
	for line := range strings.Lines(text) {
		before, _, found := strings.Cut(line, "::")
		if found && !strings.ContainsFunc(before, func(r rune) bool { return r > ' ' && r < 0x7f }) {
			return true
		}
	}
	return false
}

// Phase begins a group of the log, which the runner folds.
func (g *gitHub) Phase(title string) {
	g.EndPhase()
	g.printer.begin()
	g.action.Group(g.printer.oneLine(title))
}

func (g *gitHub) EndPhase() {
	if _, open := g.printer.end(); open {
		g.action.EndGroup()
	}
}

func (g *gitHub) OneLine(text string) string { return g.printer.oneLine(text) }

// Mask masks each line by itself, as the runner does.
func (g *gitHub) Mask(secret string) {
	for _, line := range g.printer.give(secret) {
		g.action.AddMask(line)
	}
}

func (g *gitHub) Masked(r result.Result) result.Result { return g.printer.masked(r) }

// Publish writes the report files, the annotations, the job summary and the
// outputs.
func (g *gitHub) Publish(r result.Result, dir string) error {
	p, err := publicationOf(r)
	if err != nil {
		return err
	}
	return g.PublishFleet(p, dir)
}

func (g *gitHub) PublishFleet(p Publication, dir string) error {
	path := reportPath(dir, p.Document)
	writeErr := g.printer.writeReports(dir, p.Files)
	if writeErr != nil {
		path = ""
	}
	for _, note := range p.notes() {
		g.annotate(note)
	}
	if p.Summary != "" {
		if err := g.appendSummary([]byte(p.Summary)); err != nil {
			g.Warn("The job summary is not shown", err.Error())
		}
	}
	if p.Ended == nil {
		return writeErr
	}
	if err := g.appendOutputs(report.Outputs(*p.Ended, path)); err != nil {
		g.Warn("The outputs are not set", err.Error())
	}
	return writeErr
}

// Warn prints an annotation.
func (g *gitHub) Warn(title, message string) {
	g.annotate(result.Note{Level: result.LevelWarning, Title: title, Message: message})
}

// Notice prints an annotation.
func (g *gitHub) Notice(title, message string) {
	g.annotate(result.Note{Level: result.LevelNotice, Title: title, Message: message})
}

// annotate prints a note as an annotation of the job. The library escapes what the
// runner decodes.
func (g *gitHub) annotate(note result.Note) {
	a, fields := g.action, map[string]string{}
	if title := g.printer.clean(note.Title); title != "" {
		fields["title"] = title
	}
	if note.File != "" {
		fields["file"] = g.printer.clean(note.File)
		if note.Line > 0 {
			fields["line"] = strconv.Itoa(note.Line)
		}
	}
	if len(fields) > 0 {
		a = a.WithFieldsMap(fields)
	}
	message := g.printer.clean(note.Message)
	switch note.Level {
	case result.LevelError:
		a.Errorf("%s", message)
	case result.LevelWarning:
		a.Warningf("%s", message)
	case result.LevelNotice:
		a.Noticef("%s", message)
	}
}

func (g *gitHub) appendSummary(markdown []byte) error {
	return g.appendFile("GITHUB_STEP_SUMMARY", markdown, maxSummary)
}

// appendOutputs writes the outputs in the heredoc form. It does not leave that to
// go-githubactions, which uses a fixed delimiter, so that a value could end its
// own output and set another, and which panics when the file is missing.
func (g *gitHub) appendOutputs(outputs []report.Output) error {
	var b strings.Builder
	for _, o := range outputs {
		delimiter := g.token()
		for strings.Contains(o.Value, delimiter) {
			delimiter = g.token()
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o.Name, delimiter, o.Value, delimiter)
	}
	return g.appendFile("GITHUB_OUTPUT", []byte(b.String()), maxSummary)
}

// appendFile appends to the runner's file that a variable names. Nothing is
// written when the file would exceed limit bytes, and nothing is left of what cannot
// be written whole: half an output would fail the step.
func (g *gitHub) appendFile(variable string, data []byte, limit int64) (err error) {
	path := g.getenv(variable)
	if path == "" {
		return fmt.Errorf("%s is not set", variable)
	}
	// A pipe that nobody reads is an error, not a wait.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return fmt.Errorf("open the file of %s: %w", variable, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read the size of the file of %s: %w", variable, err)
	}
	if info.Size()+int64(len(data)) > limit {
		return fmt.Errorf("the file of %s holds %d bytes already, %d more would exceed the %d that GitHub takes",
			variable, info.Size(), len(data), limit)
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Truncate(info.Size())
		return fmt.Errorf("write the file of %s: %w", variable, err)
	}
	return nil
}
