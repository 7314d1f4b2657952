package ci

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// printer is the writer under a platform. Lines stay whole when several
// goroutines print, and secrets are replaced. Write errors are ignored: a
// closed log is no reason to stop in the middle of a deploy, and
// go-githubactions panics on them.
type printer struct {
	mu      sync.Mutex
	w       io.Writer
	secrets []string // longest first
}

func newPrinter(w io.Writer) *printer { return &printer{w: w} }

// Write writes b as it is and never fails.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(b)
	return len(b), nil
}

// printText writes sanitized text without secrets.
func (p *printer) printText(text string) { _, _ = p.Write(p.redact([]byte(text))) }

// printNotes prints warnings and notices with a platform's Line, where there are
// no annotations. It skips errors: report.Text begins with how the run ended.
func printNotes(line func(string), r result.Result) {
	for _, note := range report.Annotations(r) {
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

// warn prints a warning with a platform's Line, where there are no annotations.
func warn(line func(string), title, message string) {
	line(fmt.Sprintf("%s: %s: %s", result.LevelWarning, title, message))
}

// sanitize removes control sequences from untrusted text and ends it with \n.
func sanitize(s string) string {
	return strings.TrimRight(text.Clean(s), "\n") + "\n"
}

// oneLine returns untrusted text as one printable line without secrets.
func (p *printer) oneLine(s string) string {
	return strings.Join(strings.Fields(string(p.redact([]byte(text.Clean(s))))), " ")
}

// minSecret is the length in bytes from which on a secret, or the part of one,
// is replaced. Replacing "" or "}" would only make the log unreadable.
const minSecret = 4

// mask stores each line of a secret, in every form in which reports write it. It
// returns the lines that are long enough to be replaced.
func (p *printer) mask(secret string) []string {
	var lines, forms []string
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= minSecret {
			lines = append(lines, line)
			forms = append(forms, report.Forms(line)...)
		}
	}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < minSecret })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = append(p.secrets, forms...)
	// The longest first, since one may be a part of another.
	slices.SortStableFunc(p.secrets, func(a, b string) int { return len(b) - len(a) })
	return lines
}

// redact replaces every masked line with ***, and also the beginning of one where
// text was truncated in the middle of it.
func (p *printer) redact(b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.secrets {
		b = bytes.ReplaceAll(b, []byte(s), []byte("***"))
	}
	parts := bytes.Split(b, []byte(text.Ellipsis))
	for i, part := range parts[:len(parts)-1] {
		if n := p.secretPrefix(part); n > 0 {
			parts[i] = append(slices.Clip(part[:len(part)-n]), "***"...)
		}
	}
	return bytes.Join(parts, []byte(text.Ellipsis))
}

// secretPrefix returns how many bytes at the end of b are the beginning of a
// secret.
func (p *printer) secretPrefix(b []byte) (longest int) {
	for _, s := range p.secrets {
		for n := min(len(s), len(b)); n >= max(minSecret, longest+1); n-- {
			if bytes.HasSuffix(b, []byte(s[:n])) {
				longest = n
			}
		}
	}
	return longest
}

// writeReports writes the files without secrets. Nothing is written when dir is
// empty.
func (p *printer) writeReports(dir string, files map[string][]byte) error {
	if dir == "" {
		return nil
	}
	for name, data := range files {
		files[name] = p.redact(data)
	}
	return writeFiles(dir, files)
}
