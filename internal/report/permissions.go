package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// permissionSection returns every missing permission, and the RBAC that grants them.
func permissionSection(r result.Result) string {
	if len(r.Missing) == 0 && r.RBAC == "" {
		return ""
	}
	var b strings.Builder
	title := "Missing permissions"
	if len(r.Missing) == 0 {
		title = "Permissions"
	}
	b.WriteString("### " + title + "\n")
	if r.User != "" {
		fmt.Fprintf(&b, "\nThis run is authenticated as %s.\n", code(text.Cut(r.User, maxPhrase)))
	}
	if len(r.Missing) > 0 {
		b.WriteByte('\n')
		for _, m := range capped(neededFirst(r.Missing)) {
			b.WriteString(permissionItem(m))
		}
		b.WriteString(more(len(r.Missing)))
	}
	if r.RBAC != "" {
		b.WriteString("\nApply this with `kubectl apply -f -`, as a cluster admin or whoever else may grant it:\n\n")
		b.WriteString(codeBlock("yaml", wholeDocuments(r.RBAC, 4*maxBlock), 4*maxBlock+len(moreDocuments)))
	}
	return b.String()
}

// neededFirst returns what the run cannot do without before what it only does better with.
func neededFirst(missing []problem.MissingPermission) []problem.MissingPermission {
	sorted := slices.Clone(missing)
	slices.SortStableFunc(sorted, func(a, b problem.MissingPermission) int {
		switch {
		case a.Optional == b.Optional:
			return 0
		case a.Optional:
			return 1
		}
		return -1
	})
	return sorted
}

const moreDocuments = "# More of it is in report.json, as rbac.\n"

// wholeDocuments returns as many documents of a YAML as limit bytes hold: one that is
// cut could name another user, or grant more.
func wholeDocuments(yaml string, limit int) string {
	if len(yaml) <= limit {
		return yaml
	}
	return yaml[:max(0, strings.LastIndex(yaml[:limit], "---\n"))] + moreDocuments
}

// permissionItem returns a missing permission as an item of a Markdown list, with
// what the API server said below it.
func permissionItem(m problem.MissingPermission) string {
	p := m.Permission
	p.Namespace = "" // in code of its own below, so that the line can wrap between them
	s := "- " + code(text.Cut(p.String(), maxPhrase))
	if m.Namespace != "" {
		s += " in namespace " + code(text.Cut(m.Namespace, maxPhrase))
	}
	if m.Why != "" {
		s += ": " + phrase(m.Why)
	}
	if m.Optional {
		s += " (optional)"
	}
	if m.Reason != "" {
		s += "\n  - " + quote(m.Reason)
	}
	return s + "\n"
}

// permissionLine returns a missing permission in one phrase, marked if the run goes
// on without it.
func permissionLine(m problem.MissingPermission) string {
	if m.Optional {
		return m.String() + " (optional)"
	}
	return m.String()
}
