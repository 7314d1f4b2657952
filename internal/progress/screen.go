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

// Screen is the writer below everything that a run prints. It knows when something
// was printed last and, on a terminal, keeps a table below what is printed.
type Screen struct {
	mu        sync.Mutex
	w         io.Writer
	size      func() (width, height int, err error) // nil: nothing can be repainted
	color     bool
	printedAt time.Time
	table     []string // as they stand there
}

// NewScreen returns a screen on w. It is interactive if w is a terminal that a person
// looks at, which a CI's is not.
func NewScreen(w io.Writer, getenv func(string) string) *Screen {
	s := &Screen{w: w, printedAt: time.Now(), color: getenv("NO_COLOR") == ""}
	ci := getenv("CI")
	file, ok := w.(*os.File)
	if !ok || getenv("TERM") == "dumb" || ci != "" && ci != "false" || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.size = func() (int, int, error) { return term.GetSize(int(file.Fd())) }
	return s
}

// Write prints whole lines, above the table if there is one. See io.Writer.
func (s *Screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printedAt = time.Now()
	if len(s.table) == 0 {
		return s.w.Write(b)
	}
	out := up(s.height())
	out.WriteString("\x1b[J")
	out.Write(b)
	s.draw(out, s.table)
	_, err := s.w.Write(out.Bytes())
	return len(b), err
}

// Colored says whether a person sees colours on it.
func (s *Screen) Colored() bool { return s.interactive() && s.color }

// Room returns how much room there is for a table. It is false where there can be none.
func (s *Screen) Room() (width, height int, ok bool) {
	if !s.interactive() {
		return 0, 0, false
	}
	f := s.frame()
	return f.width, f.height, true
}

// Paint replaces the table by rows that are safe to print and fit the room.
func (s *Screen) Paint(rows []string) { s.paint(rows) }

// interactive says whether there can be a table.
func (s *Screen) interactive() bool { return s.size != nil }

// hasTable says whether there is a table.
func (s *Screen) hasTable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.table) > 0
}

// lastPrint returns when something was printed last.
func (s *Screen) lastPrint() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.printedAt
}

// frame returns how much room there is for a table. A line stays free for the
// cursor, and a column, since terminals differ in what they do after a line's last
// one.
func (s *Screen) frame() frame {
	width, height, err := s.size()
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	return frame{width: width - 1, height: height - 1, color: s.color}
}

// paint replaces the table by rows. It makes one write, and overwrites each line
// instead of clearing it first, so that nothing flickers. It ignores errors: a
// terminal that went away is no reason to stop.
func (s *Screen) paint(rows []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(rows, s.table) {
		return
	}
	out := up(s.height())
	s.draw(out, rows)
	s.table = slices.Clone(rows)
	_, _ = s.w.Write(out.Bytes())
}

// release makes the table a part of what was printed: it is not repainted any more.
func (s *Screen) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.table) > 0 {
		s.table, s.printedAt = nil, time.Now()
	}
}

// colors matches what takes up no room in a row.
var colors = regexp.MustCompile(`\x1b\[\d*m`)

// height returns how many lines the table takes up: a terminal that was made
// narrower since it was painted has wrapped its rows.
func (s *Screen) height() int {
	width, n := s.frame().width+1, 0
	for _, r := range s.table {
		n += max(1, (text.Width(colors.ReplaceAllString(r, ""))+width-1)/width)
	}
	return n
}

// up returns what moves the cursor to the first of n lines above it.
func up(n int) *bytes.Buffer {
	var b bytes.Buffer
	if n > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA", n)
	}
	return &b
}

// draw writes the rows and clears what was below them.
func (*Screen) draw(b *bytes.Buffer, rows []string) {
	for _, r := range rows {
		b.WriteString(r + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
}
