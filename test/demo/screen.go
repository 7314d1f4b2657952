package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// What the demo says itself fits any terminal; what others say may be wider.
const (
	width      = 80
	frameWidth = 100
)

// The few styles there are.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	cyan  = "36"
)

// screen is where the demo speaks: paragraphs, facts, and frames for what
// others say. Colour only on a terminal, and never when https://no-color.org
// or a dumb terminal asks for none.
type screen struct {
	w      io.Writer
	colour bool
	blank  bool // the last line was empty
}

func newScreen(out *os.File, getenv func(string) string) *screen {
	s := &screen{w: out}
	if info, err := out.Stat(); err == nil {
		s.colour = info.Mode()&os.ModeCharDevice != 0 && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	return s
}

func (s *screen) paint(style, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (s *screen) line(text string) {
	fmt.Fprintln(s.w, text)
	s.blank = text == ""
}

// gap is one empty line, however often it is asked for.
func (s *screen) gap() {
	if !s.blank {
		s.line("")
	}
}

func (s *screen) title(text string) {
	s.gap()
	s.line(s.paint(bold, text))
	s.gap()
}

// step opens a step: its number, its title and what it is about.
func (s *screen) step(number, of int, title, about string) {
	s.gap()
	s.line(s.paint(cyan, fmt.Sprintf("%d/%d", number, of)) + s.paint(bold, "  "+title))
	s.say("%s", about)
}

// say is a paragraph.
func (s *screen) say(format string, args ...any) {
	s.gap()
	for _, l := range wrap(fmt.Sprintf(format, args...), width-5) {
		s.line("     " + l)
	}
	s.gap()
}

// fact is one thing that was looked at and found as told.
func (s *screen) fact(name, format string, args ...any) {
	s.line(fmt.Sprintf("     %s %-34s %s", s.paint(green, "•"), name, fmt.Sprintf(format, args...)))
}

func (s *screen) item(number int, text string) {
	for i, l := range wrap(text, width-8) {
		if i == 0 {
			s.line(fmt.Sprintf("  %s  %s", s.paint(cyan, fmt.Sprint(number)), l))
			continue
		}
		s.line("     " + l)
	}
}

func (s *screen) failed(err error) {
	s.gap()
	s.line(s.paint(red, "The demo failed: ") + err.Error())
}

// command shows what is run, so that it can be typed: flags stay with their
// values, and what a shell would change is quoted.
func (s *screen) command(as string, args ...string) {
	var words []string
	for i, a := range args {
		a = quote(a)
		if i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.HasPrefix(a, "-") {
			words[len(words)-1] += noBreak + a
			continue
		}
		words = append(words, a)
	}
	s.gap()
	if as != "" {
		s.line(s.paint(dim, "     # "+as))
	}
	lead := "     $ "
	for _, l := range wrap(strings.Join(words, " "), frameWidth-len(lead)-2) {
		if lead != "     $ " {
			fmt.Fprintln(s.w, ` \`)
		}
		fmt.Fprint(s.w, s.paint(bold, lead+strings.ReplaceAll(l, noBreak, " ")))
		lead = "         "
	}
	s.line("")
	s.blank = false
}

// noBreak keeps two words on one line.
const noBreak = "\u00a0"

func quote(arg string) string {
	if strings.ContainsAny(arg, " {}\\") {
		return "'" + strings.ReplaceAll(arg, " ", noBreak) + "'"
	}
	return arg
}

// wrap breaks text between words; a no-break space keeps two together.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
