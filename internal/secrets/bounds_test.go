package secrets

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What a chart's author makes of Secrets and texts takes no minutes, and shows none of them.
func TestBounds(t *testing.T) {
	const secret = "hunter2-hunter2-x"
	alike := make([]string, 40_000)
	for i := range alike {
		alike[i] = fmt.Sprintf("aaaaaaaa%05d", i)
	}
	for name, c := range map[string]struct {
		secrets []string
		text    string
	}{
		"ellipses":     {nil, strings.Repeat("…", 300_000)},
		"hidden":       {nil, strings.Repeat("(hidden)", 100_000)},
		"of a secret":  {[]string{strings.Repeat("…", 5_000)}, strings.Repeat("a…", 200_000)},
		"forms alike":  {[]string{strings.Join(alike, "\n")}, strings.Repeat("a", 900_000)},
		"many Secrets": {large(8), "nothing"},
		"windows":      {large(8), strings.Repeat("…abcdefgh,ijklmnop", 10_000)},
	} {
		t.Run(name, func(t *testing.T) {
			m := New()
			m.Find(append(c.secrets, secret)...)
			began := time.Now()
			got := m.Text("it is " + secret + ", and " + c.text + " and " + secret)
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			if strings.Contains(got, secret) || !strings.HasPrefix(got, "it is ***, and ") {
				t.Errorf("it says %.80s", got)
			}
		})
	}
}

// large returns the values of so many Secrets of 1 MB, in lines that are no plain words.
func large(n int) []string {
	all := make([]string, n)
	for i := range all {
		var b strings.Builder
		for j := range 25_000 {
			fmt.Fprintf(&b, "x<%d'%d\"efghi\\jklmnopqr\n", i, j)
		}
		all[i] = b.String()
	}
	return all
}

// Of what there is no room to look for in all its forms, the lines are looked for.
func TestManySecrets(t *testing.T) {
	m := New()
	all := large(8)
	m.Find(append(all, "hunter2-hunter2<x")...)
	text := m.Text("a x<7'24999\"efghi\\jklmnopqr b hunter2-hunter2&lt;x c")
	if want := "a *** b *** c"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}
