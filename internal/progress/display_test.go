package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/text"
)

// sink is a stream that counts how often it was written to.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.text.Write(b)
}

// take gives what was written since the last time.
func (s *sink) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// show makes a display as a run does, on a terminal or not.
func show(out *sink, live bool) *Display {
	s := NewScreen(out, func(string) string { return "" })
	s.color = false
	if live {
		s.size = func() (int, int, error) { return 60, 8, nil }
	}
	line := func(line string) { fmt.Fprintln(s, text.Clean(line)) }
	return New(s, line, text.OneLine, "review")
}

// A run of lines: news, a sign of life in every part, and silence when it is over.
func TestDisplayPrintsLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sink
		d := show(&out, false)
		d.Say("Take the lock on the release")
		time.Sleep(31 * time.Second)
		d.Say("Install the release")
		w := d.Wait(Ready)
		w.Begin([]facts.Awaited{satisfied(config), web})
		time.Sleep(40 * time.Second)
		w.Update(satisfied(web))
		w.End()
		if got := described(w.Timeline()); len(got) != 2 || got[0] != "Deployment/web 40s" {
			t.Errorf("timeline %q", got)
		}
		d.Close()
		time.Sleep(time.Hour)
		d.Close()
		want := []string{
			"Take the lock on the release",
			"Still at it after 30 s: Take the lock on the release",
			"Install the release",
			"Waiting for 1 of 2 objects to be ready: Deployment/web (0 of 2)",
			"Still waiting after 30 s: 1 of 2 ready; Deployment/web (0 of 2: Available: 0/2)",
			"Deployment/web: ready after 40.0 s",
			"All 2 objects ready after 40.0 s",
			"",
		}
		if diff := cmp.Diff(want, strings.Split(out.take(), "\n")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Text from the cluster cannot control the terminal, nor end its line.
func TestDisplayShowsHostileTextAsText(t *testing.T) {
	for _, live := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out sink
			d := show(&out, live)
			w := d.Wait(Ready)
			evil := some("Deployment\x1b[2J", "web\r\x9b1A", 0, 1, "a\n::error::b\x1b]0;title\x07\x1b[31mred\u202e")
			w.Begin([]facts.Awaited{evil, web})
			time.Sleep(time.Second)
			w.Update(failed(evil, "\x1b[1;1Hpod\r\ngone\x00"))
			w.End()
			d.Close()
			rest := out.take()
			for _, ours := range []string{"\x1b[K", "\x1b[J", "\r\x1b[3A"} {
				rest = strings.ReplaceAll(rest, ours, "")
			}
			if strings.ContainsAny(rest, "\x1b\r\x00\x07\u202e\u009b") || strings.Contains(rest, "\n::error") ||
				!strings.Contains(rest, "pod gone") {
				t.Errorf("it printed %q", rest)
			}
		})
	}
}

// terminal shows what is written as a terminal of 60 columns would.
type terminal struct {
	rows []string
	at   int
}

func (e *terminal) feed(t *testing.T, text string) {
	t.Helper()
	for text != "" {
		var n int
		switch {
		case strings.HasPrefix(text, "\r"):
			text = text[1:]
		case strings.HasPrefix(text, "\x1b[K"):
			text = text[3:] // the line was written from its beginning
		case strings.HasPrefix(text, "\x1b[J"):
			e.rows, text = e.rows[:e.at], text[3:]
		case strings.HasPrefix(text, "\x1b["):
			if _, err := fmt.Sscanf(text, "\x1b[%dA", &n); err != nil || n > e.at {
				t.Fatalf("from line %d: %q", e.at, text)
			}
			e.at, text = e.at-n, text[strings.Index(text, "A")+1:]
		default:
			end := strings.IndexAny(text, "\n\x1b\r")
			line, rest := text[:end], strings.TrimPrefix(text[end:], "\x1b[K")
			if !strings.HasPrefix(rest, "\n") {
				t.Fatalf("a line that does not end: %q", text)
			}
			if e.at == len(e.rows) {
				e.rows = append(e.rows, "")
			}
			e.rows[e.at], text = line, rest[1:]
			e.at++
		}
	}
}

func TestDisplayRepaintsATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sink
		var screen terminal
		d := show(&out, true)
		sees := func(moment string, want ...string) {
			t.Helper()
			synctest.Wait()
			screen.feed(t, out.take())
			if diff := cmp.Diff(want, screen.rows); diff != "" {
				t.Errorf("%s (-want +got):\n%s", moment, diff)
			}
		}
		d.Say("Take the lock")
		sees("at first", "Take the lock")
		time.Sleep(2500 * time.Millisecond)
		sees("while it lasts", "Take the lock", "… Take the lock, 2 s")
		d.Say("Install the release")
		w := d.Wait(Ready)
		w.Begin([]facts.Awaited{satisfied(config), web, db})
		time.Sleep(2500 * time.Millisecond)
		printed := []string{"Take the lock", "Install the release"}
		sees("a table", append(printed, "Waiting for 2 of 3 objects to be ready, 2 s",
			"  · Deployment/web  0/2  2 s  Available: 0/2", "  · StatefulSet/db  0/1  2 s  ", "  and 1 more, ready")...)
		w.Update(satisfied(db))
		d.Say("warning: something else")
		time.Sleep(150 * time.Millisecond)
		printed = append(printed, "warning: something else")
		sees("printed above it", append(printed, "Waiting for 1 of 3 objects to be ready, 2 s",
			"  · Deployment/web  0/2  2 s    Available: 0/2", "  ✓ StatefulSet/db  1/1  2.5 s  ready", "  and 1 more, ready")...)
		before := out.count()
		for range 1000 {
			time.Sleep(time.Millisecond)
			web := web
			web.Ready = int(time.Now().UnixMilli()) % 2
			w.Update(web)
		}
		if n := out.count() - before; n > 10 {
			t.Errorf("%d repaints in a second", n)
		}
		w.Update(satisfied(web))
		w.End()
		printed = append(printed, "All 3 objects ready after 3.6 s",
			"  ✓ Deployment/web  2/2  3.6 s  ready", "  ✓ StatefulSet/db  1/1  2.5 s  ready", "  and 1 more, ready")
		sees("its final state stays", printed...)
		time.Sleep(2 * time.Second)
		d.Close()
		sees("what goes on does not", printed...)
		before = out.count()
		time.Sleep(time.Minute)
		if out.count() != before {
			t.Error("it goes on after its end")
		}
	})
}

// An operation that was given up may still tell of its wait when the next one
// began.
func TestDisplayLeavesAnAbandonedWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sink
		d := show(&out, false)
		old, next := d.Wait(Ready), d.Wait(Ready)
		old.Begin([]facts.Awaited{web})
		next.Begin([]facts.Awaited{db})
		old.Update(failed(web, "gone"))
		old.End()
		next.Update(satisfied(db))
		next.End()
		d.Close()
		if got := out.take(); got != "StatefulSet/db: ready after 0 ms\n" && got != "StatefulSet/db: ready\n" {
			t.Errorf("it printed %q", got)
		}
	})
}

func TestDisplayIsSafeFromAnywhere(t *testing.T) {
	var out sink
	d := show(&out, true)
	w := d.Wait(Ready)
	w.Begin([]facts.Awaited{web, db})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				d.Say(fmt.Sprint(i))
				w.Update(satisfied(web))
				w.Timeline()
			}
		})
	}
	all.Go(d.Close)
	all.Wait()
	w.End()
}

// A terminal that was made narrower has wrapped what stands there.
func TestScreenRepaintsWrappedRows(t *testing.T) {
	var out sink
	s := NewScreen(&out, func(string) string { return "" })
	width := 60
	s.size = func() (int, int, error) { return width, 24, nil }
	rows := []string{strings.Repeat("x", 50), "  \x1b[32m✓\x1b[0m " + strings.Repeat("漢", 8), ""}
	s.paint(rows)
	for now, up := range map[int]string{80: "\r\x1b[3A", 50: "\r\x1b[3A", 49: "\r\x1b[4A", 20: "\r\x1b[5A", 19: "\r\x1b[6A"} {
		width = now
		out.take()
		fmt.Fprintln(s, "a line")
		if got := out.take(); !strings.HasPrefix(got, up+"\x1b[J") {
			t.Errorf("%d wide: it prints %q, want %q first", now, got, up)
		}
	}
	width = 20
	s.paint([]string{"y"})
	if got := out.take(); !strings.HasPrefix(got, "\r\x1b[5A") {
		t.Errorf("it repaints by %q", got)
	}
}

// Before a run says what it does there is nothing to paint.
func TestDisplayRestsBeforeTheFirstWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sink
		d := show(&out, true)
		defer d.Close()
		var looks atomic.Int32
		d.mu.Lock() // the display wakes on a goroutine of its own
		d.screen.size = func() (int, int, error) { looks.Add(1); return 60, 8, nil }
		d.mu.Unlock()
		time.Sleep(5 * time.Minute)
		if out.count() > 0 || looks.Load() > 0 {
			t.Errorf("%d writes, %d looks at the terminal's size", out.count(), looks.Load())
		}
		d.Say("Take the lock")
		time.Sleep(2500 * time.Millisecond)
		if got := out.take(); !strings.Contains(got, "… Take the lock, 2 s") {
			t.Errorf("it prints %q", got)
		}
	})
}

func TestScreenIsLiveOnTerminalsAlone(t *testing.T) {
	if NewScreen(&sink{}, func(string) string { return "" }).interactive() {
		t.Error("a buffer is no terminal")
	}
}
