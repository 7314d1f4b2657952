package ci

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/report"
)

// printer is the writer under a platform. It keeps lines whole when several
// goroutines print, leaves secrets out, and swallows write errors: a log that
// went away is no reason to stop half way through a deploy, and go-githubactions
// panics on them.
type printer struct {
	mu      sync.Mutex
	w       io.Writer
	secrets []string
}

func newPrinter(w io.Writer) *printer { return &printer{w: w} }

// Write never fails. See printer.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(b)
	return len(b), nil
}

// write prints text that is already safe, with secrets left out.
func (p *printer) write(text string) { _, _ = p.Write(p.redact([]byte(text))) }

// plain makes untrusted text printable: no control sequences, ended by \n.
func plain(text string) string {
	return strings.TrimRight(report.Clean(text), "\n") + "\n"
}

// line is untrusted text as one printable line, with secrets left out.
func (p *printer) line(text string) string {
	return strings.Join(strings.Fields(string(p.redact([]byte(report.Clean(text))))), " ")
}

// mask remembers the lines of a secret and returns those that are worth hiding:
// masking "" or "}" would only shred the log.
func (p *printer) mask(secret string) []string {
	var lines []string
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= 4 {
			lines = append(lines, line)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = append(p.secrets, lines...)
	return lines
}

// redact replaces every masked line.
func (p *printer) redact(b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.secrets {
		b = bytes.ReplaceAll(b, []byte(s), []byte("***"))
	}
	return b
}

// writeReports writes the files, with secrets left out, when there is a folder
// to write them to.
func (p *printer) writeReports(dir string, files map[string][]byte) error {
	if dir == "" {
		return nil
	}
	for name, data := range files {
		files[name] = p.redact(data)
	}
	return WriteReports(dir, files)
}
