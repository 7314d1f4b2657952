package helm

import (
	"strings"
	"testing"
)

// writes notes each Write.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

// A line is written whole, however it arrives: a secret in it can be found.
func TestCopyLines(t *testing.T) {
	long := strings.Repeat("x", longestLine)
	for given, want := range map[string][]string{
		"":                           nil,
		"one\ntwo\r\n\nthree":        {"one\n", "two\n", "\n", "three\n"},
		"password=hunter2 is it\n":   {"password=(hidden) is it\n"},
		long + "rest\nnext":          {long + "…\n", "next\n"},
		long + long + "rest\nnext\n": {long + "…\n", "next\n"},
	} {
		var got writes
		if err := copyLines(&got, strings.NewReader(given)); err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%.20q: %d writes, %.40q", given, len(got), got)
		}
	}
}
