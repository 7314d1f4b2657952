package progress

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/berth-dev/berth/internal/text"
)

// Screen is the writer beneath all that a run prints. It knows when that was
// last and, on a terminal, keeps a table below it.
type Screen struct {
	mu      sync.Mutex
	w       io.Writer
	size    func() (width, height int, err error) // nil: nothing can be repainted
	color   bool
	printed time.Time
	rows    []string // as they stand there
}

// NewScreen is a screen on w, live if that is a terminal that a person looks at.
func NewScreen(w io.Writer, getenv func(string) string) *Screen {
	s := &Screen{w: w, printed: time.Now(), color: getenv("NO_COLOR") == ""}
	ci := getenv("CI")
	file, ok := w.(*os.File)
	if !ok || getenv("TERM") == "dumb" || ci != "" && ci != "false" || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.size = func() (int, int, error) { return term.GetSize(int(file.Fd())) }
	return s
}

// Write prints whole lines, above the table if there is one.
func (s *Screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printed = time.Now()
	if len(s.rows) == 0 {
		return s.w.Write(b)
	}
	out := up(s.lines())
	out.WriteString("\x1b[J")
	out.Write(b)
	s.draw(out, s.rows)
	_, err := s.w.Write(out.Bytes())
	return len(b), err
}

// live says that there can be a table.
func (s *Screen) live() bool { return s.size != nil }

// painted says that there is one.
func (s *Screen) painted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows) > 0
}

// last is when something was printed last.
func (s *Screen) last() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.printed
}

// frame is the room for a table. A line stays free for the cursor, and a column,
// since terminals differ in what they do behind a line's last one.
func (s *Screen) frame() frame {
	width, height, err := s.size()
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	return frame{width: width - 1, height: height - 1, color: s.color}
}

// paint puts rows in the place of the table. All goes out in one write, and each
// line is written over, not cleared first: so nothing flickers. A log that went
// away is no reason to stop.
func (s *Screen) paint(rows []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(rows, s.rows) {
		return
	}
	out := up(s.lines())
	s.draw(out, rows)
	s.rows = slices.Clone(rows)
	_, _ = s.w.Write(out.Bytes())
}

// keep leaves the table where it is for good.
func (s *Screen) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) > 0 {
		s.rows, s.printed = nil, time.Now()
	}
}

// colors are what takes up no room in a row.
var colors = regexp.MustCompile(`\x1b\[\d*m`)

// lines is how many the table takes up: a terminal that was made narrower since
// has wrapped its rows.
func (s *Screen) lines() int {
	width, n := s.frame().width+1, 0
	for _, r := range s.rows {
		n += max(1, (text.Width(colors.ReplaceAllString(r, ""))+width-1)/width)
	}
	return n
}

// up goes to the first of n lines.
func up(n int) *bytes.Buffer {
	var b bytes.Buffer
	if n > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA", n)
	}
	return &b
}

func (*Screen) draw(b *bytes.Buffer, rows []string) {
	for _, r := range rows {
		b.WriteString(r + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
}
