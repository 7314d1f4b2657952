package ci

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/text"
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
func plain(s string) string {
	return strings.TrimRight(text.Clean(s), "\n") + "\n"
}

// line is untrusted text as one printable line, with secrets left out.
func (p *printer) line(s string) string {
	return strings.Join(strings.Fields(string(p.redact([]byte(text.Clean(s))))), " ")
}

// worthHiding is how long a secret, or what is left of it, has to be: masking ""
// or "}" would only shred the log.
const worthHiding = 4

// mask remembers the lines of a secret, in every form that they may be written
// in, and returns those that are worth hiding.
func (p *printer) mask(secret string) []string {
	var lines, forms []string
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= worthHiding {
			lines = append(lines, line)
			forms = append(forms, report.Forms(line)...)
		}
	}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < worthHiding })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = append(p.secrets, forms...)
	// The longest first: one may be a part of another.
	slices.SortStableFunc(p.secrets, func(a, b string) int { return len(b) - len(a) })
	return lines
}

// redact replaces every masked line, and what is left of one that was cut.
func (p *printer) redact(b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.secrets {
		b = bytes.ReplaceAll(b, []byte(s), []byte("***"))
	}
	parts := bytes.Split(b, []byte(text.Ellipsis))
	for i, part := range parts[:len(parts)-1] {
		if n := p.begun(part); n > 0 {
			parts[i] = append(slices.Clip(part[:len(part)-n]), "***"...)
		}
	}
	return bytes.Join(parts, []byte(text.Ellipsis))
}

// begun is how much of b's end is the beginning of a secret.
func (p *printer) begun(b []byte) (longest int) {
	for _, s := range p.secrets {
		for n := min(len(s), len(b)); n >= max(worthHiding, longest+1); n-- {
			if bytes.HasSuffix(b, []byte(s[:n])) {
				longest = n
			}
		}
	}
	return longest
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
