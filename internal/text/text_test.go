package text

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	for limit := range 12 {
		got := Cut("aüß日本x!", limit)
		if !utf8.ValidString(got) || len(got) > limit {
			t.Errorf("limit %d: %q", limit, got)
		}
	}
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "lo…"},
		{"日本", 5, "…"},
		{"日本語", 7, "日…"},
		{"longer", 2, ""},
		{"", 0, ""},
	} {
		if got := Cut(c.in, c.limit); got != c.want {
			t.Errorf("%q to %d bytes: got %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestCutRunes(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"日本語", 3, "日本語"},
		{"日本語x", 3, "日本…"},
		{"abcdef", 1, "…"},
		{"abc", 0, ""},
		{"", 1, ""},
	} {
		if got := CutRunes(c.in, c.limit); got != c.want {
			t.Errorf("%q to %d: got %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"":                0,
		"web · ✓ ✗ …":     11,
		"日本":              4,
		"한국":              4,
		"e\u0301":         1,
		"Ａ":               2,
		"👍":               2,
		"👨\u200d👩\u200d👧": 2,
		"ü":               1,
	} {
		if got := Width(in); got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

func TestCutCells(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"e\u0301e\u0301e", 3, "e\u0301e\u0301e"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"abc", -2, ""},
		{"", 0, ""},
	} {
		if got := CutCells(c.in, c.limit); got != c.want {
			t.Errorf("%q to %d cells: got %q, want %q", c.in, c.limit, got, c.want)
		}
	}
	hostile := strings.Repeat("日e\u0301👍", 20)
	for limit := range 50 {
		if got := CutCells(hostile, limit); Width(got) > limit || !utf8.ValidString(got) {
			t.Errorf("%d cells: %q takes up %d", limit, got, Width(got))
		}
	}
}

func TestPad(t *testing.T) {
	for in, want := range map[string]string{"": "    ", "日": "日  ", "abcde": "abcde"} {
		if got := Pad(in, 4); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 objects", 1: "1 object", 2: "2 objects"} {
		if got := Plural(n, "object"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 2_000_000: "2.0 MB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                         {"0 ms", "0 s"},
		340 * time.Millisecond:    {"340 ms", "0 s"},
		1960 * time.Millisecond:   {"2.0 s", "1 s"},
		59 * time.Second:          {"59.0 s", "59 s"},
		time.Minute:               {"1 min 0 s", "1 min 0 s"},
		125600 * time.Millisecond: {"2 min 6 s", "2 min 5 s"},
		75 * time.Minute:          {"75 min 0 s", "75 min 0 s"},
	} {
		if got := [2]string{Duration(d), Seconds(d)}; got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		"grant it":      "Grant it.",
		"Grant it.":     "Grant it.",
		"über alles":    "Über alles.",
		"`web` is gone": "`web` is gone.",
	} {
		if got := Sentence(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got, want := Sentences("One", "", "Two."), "One. Two."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is plain is returned as it is, and what only looks so is cleaned.
func TestCleanOfPlainText(t *testing.T) {
	for in, want := range map[string][2]string{
		"":              {"", ""},
		"feature/a b":   {"feature/a b", "feature/a b"},
		" a":            {" a", "a"},
		"a ":            {"a ", "a"},
		"a  b":          {"a  b", "a b"},
		"a\tb":          {"a\tb", "a b"},
		"a\x7fb":        {"ab", "ab"},
		"a\x1b[31mb":    {"ab", "ab"},
		"a\u00a0b":      {"a\u00a0b", "a b"},
		"a\u202eb":      {"ab", "ab"},
		"a\xffb":        {"a\ufffdb", "a\ufffdb"},
		"~ and through": {"~ and through", "~ and through"},
	} {
		if clean, line := Clean(in), OneLine(in); clean != want[0] || line != want[1] {
			t.Errorf("%q: %q and %q, want %q", in, clean, line, want)
		}
	}
}
