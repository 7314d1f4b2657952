package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// introduce says what applying it does to what was applied before, and, ahead of what is explained, what is
// not in it.
func (g *grant) introduce(of Grant) {
	if g.part {
		g.comment("A part of what this account needs, in a role of its own: applying it takes nothing away that was granted before.")
	} else {
		g.comment("All that this account needs for this chart: applying it replaces the role of this name that was applied before.")
	}
	if !g.explained {
		return
	}
	if g.unbound {
		g.comment("Nobody is bound to these roles: give --for system:serviceaccount:NAMESPACE:NAME to have the bindings, too.")
	}
	for _, p := range of.Needs {
		if !isGrantable(p) {
			g.comment(fmt.Sprintf("Not written, grant it by hand if the chart may have it: %s%s (%s).", p, named(p.Name), p.Why))
		}
	}
	for _, note := range of.Notes {
		g.comment(note)
	}
}

// named says for which object alone a permission is.
func named(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(", of %q alone", text.Cut(name, maxShown))
}

// maxShown is how much of a name is shown that no object has.
const maxShown = 80

// explain says what the rules for these needs are for: a line for each reason.
func (g *grant) explain(where string, needs []problem.Permission) {
	if !g.explained || len(needs) == 0 {
		return
	}
	g.comment(where + ":")
	var reasons []string
	for _, p := range needs {
		if !slices.Contains(reasons, p.Why) {
			reasons = append(reasons, p.Why)
		}
	}
	for _, why := range reasons {
		for _, optional := range []bool{false, true} {
			of := slices.DeleteFunc(slices.Clone(needs), func(p problem.Permission) bool { return p.Why != why || p.Optional != optional })
			if len(of) == 0 {
				continue
			}
			line := "- " + strings.Join(byVerbs(of), " and ") + ": to " + why
			if optional {
				line += " (it goes on without)"
			}
			g.comment(line)
		}
	}
}

// byVerbs names permissions, those of the same verbs together: "get, list pods, events".
func byVerbs(needs []problem.Permission) (groups []string) {
	var order []string
	verbs := map[string]string{}
	for _, p := range needs {
		name := p.Resource
		if p.Group != "" {
			name += "." + p.Group
		}
		if p.Name != "" {
			name += "/" + p.Name
		}
		if _, known := verbs[name]; !known {
			order, verbs[name] = append(order, name), p.Verb
		} else if !slices.Contains(strings.Split(verbs[name], ", "), p.Verb) {
			verbs[name] += ", " + p.Verb
		}
	}
	for len(order) > 0 {
		of := verbs[order[0]]
		other := func(name string) bool { return verbs[name] != of }
		groups = append(groups, of+" "+strings.Join(slices.DeleteFunc(slices.Clone(order), other), ", "))
		order = slices.DeleteFunc(order, func(name string) bool { return !other(name) })
	}
	return groups
}
