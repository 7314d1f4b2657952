package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// permissions names every gap at once and gives the RBAC that closes them.
func permissions(r result.Result) string {
	if len(r.Missing) == 0 && r.RBAC == "" {
		return ""
	}
	b := strings.Builder{}
	b.WriteString("### Missing permissions\n")
	if r.User != "" {
		fmt.Fprintf(&b, "\nThe API server takes this run for %s.\n", code(text.Cut(r.User, maxPhrase)))
	}
	if len(r.Missing) > 0 {
		b.WriteByte('\n')
		for _, g := range capped(r.Missing) {
			b.WriteString(gap(g))
		}
		b.WriteString(more(len(r.Missing)))
	}
	if r.RBAC != "" {
		b.WriteString("\nApply this with `kubectl apply -f -`, as somebody who may grant it:\n\n")
		b.WriteString(fence("yaml", r.RBAC, 4*maxBlock))
	}
	return b.String()
}

// gap is a missing permission as an item of a list, with the API server's own
// words under it.
func gap(g problem.MissingPermission) string {
	p := g.Permission
	p.Namespace = "" // said apart, so that the names do not wrap as one
	s := "- " + code(text.Cut(p.String(), maxPhrase))
	if g.Namespace != "" {
		s += " in namespace " + code(text.Cut(g.Namespace, maxPhrase))
	}
	if g.Why != "" {
		s += ": " + phrase(g.Why)
	}
	if g.Optional {
		s += " (optional)"
	}
	if g.Reason != "" {
		s += "\n  - " + quote(g.Reason)
	}
	return s + "\n"
}
