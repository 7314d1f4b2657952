package main

import (
	"bytes"
	"fmt"
	"strings"
)

// frame is a writer that sets every line apart from the demo's own words.
type frame struct {
	s       *screen
	pending []byte
}

func (s *screen) frame() *frame { return &frame{s: s} }

func (f *frame) Write(b []byte) (int, error) {
	f.pending = append(f.pending, b...)
	for {
		i := bytes.IndexByte(f.pending, '\n')
		if i < 0 {
			return len(b), nil
		}
		f.print(string(f.pending[:i]))
		f.pending = f.pending[i+1:]
	}
}

// print breaks long lines, so that the frame stays one.
func (f *frame) print(text string) {
	style := ""
	switch trimmed := strings.TrimSpace(text); {
	case strings.HasPrefix(trimmed, "✓"):
		style = green
	case strings.HasPrefix(trimmed, "✗"):
		style = red
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	for i, l := range wrap(text[len(indent):], frameWidth-7-len(indent)) {
		if i == 1 {
			indent += "  "
		}
		if l = indent + l; style != "" {
			l = f.s.paint(style, l)
		}
		f.s.line(strings.TrimRight("     "+f.s.paint(dim, "│ ")+l, " "))
	}
}

// close ends the frame with how that ended.
func (f *frame) close(format string, args ...any) {
	if len(f.pending) > 0 {
		f.print(string(f.pending))
	}
	f.s.line("     " + f.s.paint(dim, "└ "+fmt.Sprintf(format, args...)))
	f.s.gap()
}
