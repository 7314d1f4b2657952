//go:build conformance

package conformance

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// exit fails the row at once unless the run ended with the code.
func (e ended) exit(code int) ended {
	e.s.t.Helper()
	if e.code != code {
		e.s.t.Fatalf("%s ended with %s, want %d", e.verb, e.process, code)
	}
	return e
}

// says fails the row unless every part was printed.
func (e ended) says(parts ...string) ended {
	e.s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(e.out.String(), part) {
			e.s.t.Errorf("%s does not say %q", e.verb, part)
		}
	}
	return e
}

// reports fails the row unless the JSON report holds every part.
func (e ended) reports(parts ...string) ended {
	e.s.t.Helper()
	data, err := os.ReadFile(filepath.Join(e.dir, "report.json"))
	if err != nil {
		e.s.t.Error(err)
	}
	for _, part := range parts {
		if !strings.Contains(string(data), part) {
			e.s.t.Errorf("the report of %s does not hold %q:\n%s", e.verb, part, data)
		}
	}
	return e
}

// warned fails the row unless there is a warning of that title.
func (e ended) warned(title string) ended {
	e.s.t.Helper()
	if !slices.Contains(e.warnings(), title) {
		e.s.t.Errorf("%s did not warn of %q, but of %q", e.verb, title, e.warnings())
	}
	return e
}

// lacks fails the row unless exactly these permissions, as "update secrets",
// are reported as missing.
func (e ended) lacks(permissions ...string) ended {
	e.s.t.Helper()
	var got []string
	for _, g := range e.report.Gaps {
		got = append(got, g.Verb+" "+g.Resource)
	}
	if !slices.Equal(got, permissions) {
		e.s.t.Errorf("%s reports as missing %q, want %q", e.verb, got, permissions)
	}
	return e
}

// execute runs the row, keeps what is seen at its end, compares the runs with what
// the row expects, and verifies with Helm what is left.
func (s *fixture) execute() {
	s.t.Helper()
	func() {
		defer func() { s.seen = cmp.Or(s.seen, s.observed()) }() // also when the row ends early
		s.row.run(s)
	}()
	runs, want := s.started(), s.row.exits()
	if len(runs) < len(want) {
		s.t.Fatalf("there were %d runs; the row names %d", len(runs), len(want))
	}
	for i, p := range runs[len(runs)-len(want):] {
		if got := p.outcome(); got != want[i] {
			s.t.Errorf("%s ended with %s, want %s", p.verb, p, want[i])
		}
	}
	s.verifyWithHelm()
}

// outcome is a run's end in the words of the matrix: "0 + warning".
func (p *process) outcome() string {
	said := p.String()
	code, _, warned := strings.Cut(said, " + ")
	if warned && code == "0" {
		return code + " + warning"
	}
	return code
}

// observed is what the matrix shows as seen: how each run ended and what is
// stored.
func (s *fixture) observed() string {
	s.t.Helper()
	var parts []string
	for _, p := range s.started() {
		parts = append(parts, fmt.Sprintf("%s: %s", p.verb, p))
	}
	return strings.Join(parts, "; ") + "; stored: " + s.history()
}
