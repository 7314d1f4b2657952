package ci

import (
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// local is a terminal, or a CI that Berth does not know. It prints plain text, in which the
// runners of others find no command, and has no Context: the inputs say everything.
type local struct{ printer *printer }

func (local) Context() (Context, error) { return Context{}, nil }
func (l local) Line(text string) {
	l.printer.printText(l.printer.paint(report.WithoutCommands(l.printer.sanitize(text))))
}
func (l local) Phase(title string)                   { l.Line(l.printer.oneLine(title)) }
func (local) EndPhase()                              {}
func (l local) Warn(title, message string)           { note(l.Line, result.LevelWarning, title, message) }
func (l local) Notice(title, message string)         { note(l.Line, result.LevelNotice, title, message) }
func (l local) OneLine(text string) string           { return report.WithoutCommands(l.printer.oneLine(text)) }
func (l local) Mask(secret string)                   { l.printer.give(secret) }
func (l local) Masked(r result.Result) result.Result { return l.printer.masked(r) }

func (l local) Publish(r result.Result, dir string) error {
	if dir == "" { // the files of a sweep of ten thousand apps are some megabytes
		printNotes(l.Line, report.Annotations(r))
		return nil
	}
	p, err := publicationOf(r)
	if err != nil {
		return err
	}
	return l.PublishFleet(p, dir)
}

func (l local) PublishFleet(p Publication, dir string) error {
	printNotes(l.Line, p.notes())
	return l.printer.writeReports(dir, p.Files)
}
