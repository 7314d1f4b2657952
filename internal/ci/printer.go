package ci

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// printer is the writer under a platform. Lines stay whole when several
// goroutines print. Write errors are ignored: a closed log is no reason to stop in the
// middle of a deploy, and go-githubactions panics on them.
type printer struct {
	mu   sync.Mutex
	w    io.Writer
	mask *secrets.Mask

	colored bool
	phase   bool // a phase's group is open
	phases  int  // how many there were
}

// begin notes that a phase begins, and returns its number.
func (p *printer) begin() (number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = true
	p.phases++
	return p.phases
}

// end notes that no phase is open any more, and returns the number of the one that was
// and whether one was.
func (p *printer) end() (number int, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	open, p.phase = p.phase, false
	return p.phases, open
}

func newPrinter(w io.Writer, mask *secrets.Mask) *printer { return &printer{w: w, mask: mask} }

// Write writes b as it is and never fails.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(b)
	return len(b), nil
}

// printText writes text that is safe to print.
func (p *printer) printText(text string) { _, _ = p.Write([]byte(text)) }

// printNotes prints warnings and notices with a platform's Line, where there are
// no annotations. It skips errors: report.Text begins with how the run ended.
func printNotes(line func(string), notes []result.Note) {
	for _, note := range notes {
		if note.Level == result.LevelError {
			continue
		}
		s := fmt.Sprintf("%s: %s", note.Level, note.Title)
		if note.Message != "" && note.Message != note.Title {
			s += ": " + note.Message
		}
		line(s)
	}
}

// note prints a warning or notice with a platform's Line, where there are no annotations.
func note(line func(string), level result.Level, title, message string) {
	line(fmt.Sprintf("%s: %s: %s", level, title, message))
}

// sanitize removes secrets and control sequences from untrusted text and ends it
// with \n.
func (p *printer) sanitize(s string) string {
	return strings.TrimRight(p.clean(s), "\n") + "\n"
}

// clean removes secrets and control sequences from untrusted text.
func (p *printer) clean(s string) string { return text.Clean(p.mask.Text(s)) }

// oneLine returns untrusted text as one printable line without secrets.
func (p *printer) oneLine(s string) string { return text.OneLine(p.mask.Text(s)) }

// shortestLine is the length in bytes of the shortest line that the runner is asked to
// mask. It would replace "}" everywhere.
const shortestLine = 4

// give has a secret masked from now on, and returns the lines of it that are worth to
// be masked by others.
func (p *printer) give(secret string) (lines []string) {
	p.mask.Give(secret)
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= shortestLine {
			lines = append(lines, line)
		}
	}
	return lines
}

// masked returns a result without secrets.
func (p *printer) masked(r result.Result) result.Result { return r.WithText(p.mask.Text) }

// writeReports writes the files. Nothing is written when dir is empty.
func (p *printer) writeReports(dir string, files map[string][]byte) error {
	if dir == "" {
		return nil
	}
	return writeFiles(dir, files)
}
