//go:build conformance

package conformance

import (
	"slices"
	"strings"
)

// rehearse has each deploy of a row tried before it is made, where the row is to find what is somebody else's. The two
// have to agree about that; agrees holds them to each other. Where something is to be repaired first, a dry run need not
// know. What a dry run changes, the row finds by itself.
func (s *fixture) rehearse(verb string, flags []string) (agrees func(ended) ended) {
	s.t.Helper()
	if verb != "deploy" || slices.Contains(flags, "--dry-run") || !strings.Contains(s.row.Exit, "27") {
		return func(e ended) ended { return e }
	}
	s.mu.Lock()
	before := len(s.runs)
	s.mu.Unlock()
	tried := s.start(verb, append(slices.Clone(flags), "--dry-run")...).wait(runLimit)
	s.mu.Lock()
	s.runs = s.runs[:before]
	s.mu.Unlock()
	unknown := strings.Contains(tried.out.String(), "Not known what would change")
	return func(e ended) ended {
		s.t.Helper()
		tests := strings.Contains(e.out.String(), "was not tested") // by then it was deployed
		if (tried.code == 27) != (e.code == 27) && !unknown && !tests {
			s.t.Errorf("deploy --dry-run ended with %d, and deploy with %d; the dry run said:\n%s", tried.code, e.code, tried.out)
		}
		return e
	}
}
