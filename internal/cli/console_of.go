package cli

import (
	"io"
	"strings"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/progress"
)

// of returns a console for one of several apps that a run works on at the same time: its lines
// begin with the app's name, and it has no groups and no table that is drawn anew, which others'
// lines would stand in. What its steps are is printed for debugging.
func (c console) of(name string) console {
	c.Platform = ofApp{c.Platform, name, c.verbose}
	c.screen = progress.NewScreen(io.Discard, func(string) string { return "" })
	return c
}

// ofApp is a platform that says which app each line is about. The name is untrusted text.
type ofApp struct {
	ci.Platform
	name    string
	verbose bool
}

// lineEnds makes \n of all that a platform takes for the end of a line.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

func (a ofApp) Line(text string) {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(lineEnds.Replace(text), "\n")) {
		b.WriteString(a.name + ": " + line)
	}
	a.Platform.Line(b.String())
}

func (a ofApp) Phase(title string) {
	if a.verbose {
		a.Line(title)
	}
}

func (ofApp) EndPhase() {}

func (a ofApp) Warn(title, message string) { a.Platform.Warn(a.name+": "+title, message) }

func (a ofApp) Notice(title, message string) { a.Platform.Notice(a.name+": "+title, message) }
