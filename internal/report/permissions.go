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
		b.WriteString(permissionList(merged(r.Missing)))
	}
	if r.RBAC != "" {
		b.WriteString("\nApply this with `kubectl apply -f -`, as a cluster admin or whoever else may grant it:\n\n")
		b.WriteString(codeBlock("yaml", wholeDocuments(r.RBAC, 4*maxBlock), 4*maxBlock+len(moreDocuments)))
	}
	return b.String()
}

// fewPermissions is how many permissions are a list, each with what the API server said. More are a
// table, by the role that has to grant them.
const fewPermissions = 5

func permissionList(all []problem.MissingPermission) string {
	var b strings.Builder
	if len(all) <= fewPermissions {
		for _, m := range all {
			b.WriteString(permissionItem(m))
		}
		return b.String()
	}
	slices.SortStableFunc(all, func(x, y problem.MissingPermission) int { return strings.Compare(x.Namespace, y.Namespace) })
	b.WriteString("| for | allow to | so as to |\n|:--|:--|:--|\n")
	role := ""
	for _, m := range capped(all) {
		in := "a ClusterRole"
		if m.Namespace != "" {
			in = "a Role in namespace " + code(text.Cut(m.Namespace, maxPhrase))
		}
		shown := in
		if shown == role {
			shown = ""
		}
		role = in
		p := m.Permission
		p.Namespace = ""
		why := phrase(m.Why)
		if m.Optional {
			why += " (optional)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", shown, code(text.Cut(p.String(), maxPhrase)), why)
	}
	b.WriteString(more(len(all)))
	return b.String()
}

// merged returns one for all verbs on the same objects, what the run cannot do without first. Each
// has the reasons of all.
func merged(missing []problem.MissingPermission) (all []problem.MissingPermission) {
	for _, m := range neededFirst(missing) {
		at := slices.IndexFunc(all, func(known problem.MissingPermission) bool {
			one := m.Permission
			one.Verb = known.Verb
			return one.SameAs(known.Permission) && m.Optional == known.Optional && m.Reason == known.Reason
		})
		if at < 0 {
			all = append(all, m)
			continue
		}
		known := &all[at]
		if !slices.Contains(strings.Split(known.Verb, ", "), m.Verb) {
			known.Verb += ", " + m.Verb
		}
		if m.Why != "" && !slices.Contains(strings.Split(known.Why, "; "), m.Why) {
			known.Why = strings.TrimPrefix(known.Why+"; "+m.Why, "; ")
		}
	}
	return all
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
