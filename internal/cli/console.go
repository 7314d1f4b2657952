package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/result"
)

// console is where a run prints. What it prints while it goes on depends on the
// input log-level: progress from info on, debug lines at debug. Line, which is for
// the result, always prints.
type console struct {
	ci.Platform
	screen  *progress.Screen // the writer under Platform
	silent  bool             // progress is not printed
	verbose bool             // debug lines are printed
}

// console returns a console on standard output, or on standard error where standard
// output is kept for a document.
func (p Process) console(o *input.Options) console {
	w := p.Stdout
	if slices.Contains([]string{"json", "markdown", "html"}, o.Output) || o.PrintRole {
		w = p.Stderr
	}
	screen := progress.NewScreen(w, p.getenv)
	verbose := o.LogLevel == "debug" || ci.Debugging(p.getenv)
	return console{
		Platform: ci.Detect(p.getenv, screen, p.mask), screen: screen,
		silent:  !verbose && (o.LogLevel == "warn" || o.LogLevel == "error"),
		verbose: verbose,
	}
}

// phase prints the title of what the run does next.
func (c console) phase(title string) {
	if !c.silent {
		c.Phase(title)
	}
}

// linesAtOnce is how many bytes of many lines are printed at once.
const linesAtOnce = 64 << 10

// lines prints many lines, some at a time: on its way what is printed at once is copied a few times.
func (c console) lines(text string) {
	for text != "" {
		part := text
		if len(text) > linesAtOnce {
			end := max(0, strings.LastIndexByte(text[:linesAtOnce], '\n'))
			if whole := strings.TrimRight(text[:end], "\n"); whole != "" { // Line takes empty ones off the end
				part = text[:len(whole)+1]
			}
		}
		c.Line(strings.TrimSuffix(part, "\n"))
		text = text[len(part):]
	}
}

// progress prints what the run does now. It is untrusted text.
func (c console) progress(line string) {
	if !c.silent {
		c.Line(line)
	}
}

// debug prints a line for debugging.
func (c console) debug(format string, args ...any) {
	if c.verbose {
		c.Line("debug: " + fmt.Sprintf(format, args...))
	}
}

// display returns the display of a run whose objects are mostly in namespace.
func (c console) display(namespace string) *progress.Display {
	screen := c.screen
	if c.silent {
		screen = progress.NewScreen(io.Discard, func(string) string { return "" })
	}
	return progress.New(screen, c.progress, c.OneLine, namespace).PhasesBy(c.phase)
}

// debugRequests prints what the record store wrote, and how many requests the run
// sent.
func (c console) debugRequests(r result.Result) {
	for _, a := range r.Audit {
		c.debug("record: %s %s revision %d status %s: %d tries, error %q", a.Verb, a.Key, a.Revision, a.Status, a.Tries, a.Error)
	}
	for _, t := range r.Traffic {
		c.debug("requests: %s %s: %d, %d bytes sent, %d received", t.Verb, t.Resource, t.Count, t.Sent, t.Received)
	}
}

// hookLog returns a writer for the log of a hook's container. Each Write prints one
// line.
func (c console) hookLog(pod, container string) io.Writer {
	return hookLog{c, pod + "/" + container}
}

type hookLog struct {
	console
	source string
}

func (h hookLog) Write(b []byte) (int, error) {
	h.progress(h.source + ": " + string(b))
	return len(b), nil
}
