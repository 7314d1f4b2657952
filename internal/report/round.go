package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// foundTitles are the titles of the apps of which one thing was found. Those that are consistent
// are in the list alone.
var foundTitles = map[result.Found]string{
	result.FoundRepairFailed: "Not repaired",
	result.FoundInconsistent: "Not as it should be",
	result.FoundRepaired:     "Repaired",
	result.FoundUnchecked:    "Not checked",
	result.FoundNotReached:   "Not reached",
	result.FoundBusy:         "Busy",
}

// roundGroup is the visits that are shown together.
type roundGroup struct {
	title  string
	folded bool // nobody has to act on them
	visits []result.Visit
}

// roundGroups returns the visits by what they found: first what somebody has to act on.
func roundGroups(r *result.Round) (groups []roundGroup) {
	if r == nil {
		return nil
	}
	for _, f := range result.Founds {
		if visits := r.Of(f); f != result.FoundConsistent && len(visits) > 0 {
			groups = append(groups, roundGroup{fmt.Sprintf("%s: %d", foundTitles[f], len(visits)), f == result.FoundBusy, visits})
		}
	}
	return groups
}

// visitWhy says why a visit ended as it did, what was not as the record says, and what to do.
func visitWhy(v result.Visit) string {
	s := text.Sentences(v.Why)
	if v.Repair != "" {
		s = text.Sentences(s, "Repair: "+v.Repair)
	}
	if len(v.Drift) > 0 {
		s = text.Sentences(s, "Not as the record says: "+strings.Join(v.Drift[:min(len(v.Drift), maxLines)], "; "))
	}
	return withNext(s, v.Next)
}

// visitState is how an app stands, where that says more than its group.
func visitState(v result.Visit) string {
	if v.Found.Bad() || v.Found == result.FoundRepaired {
		return v.State
	}
	return ""
}

// roundTables returns the visits as tables, for Markdown.
func roundTables(r *result.Round) (sections []string) {
	for _, g := range roundGroups(r) {
		var b strings.Builder
		b.WriteString("| Review app | Branch | State | Why |\n|:--|:--|:--|:--|\n")
		for _, v := range capped(g.visits) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(text.Cut(v.Namespace+"/"+v.Release, maxPhrase)),
				quote(branchAndPull(v.Branch, v.PullRequest)), quote(visitState(v)), prose(text.Cut(visitWhy(v), 2*maxPhrase)))
		}
		table := b.String() + more(len(g.visits))
		if g.folded {
			sections = append(sections, details(g.title, table))
			continue
		}
		sections = append(sections, "### "+g.title+"\n\n"+table)
	}
	return sections
}

// roundText writes the visits as lines, without Markdown.
func roundText(b *strings.Builder, r *result.Round) {
	for _, g := range roundGroups(r) {
		var lines []string
		for _, v := range capped(g.visits) {
			line := bounded(v.Namespace + "/" + v.Release)
			if of := branchAndPull(v.Branch, v.PullRequest); of != "" {
				line += " (" + bounded(of) + ")"
			}
			line += text.After(": ", bounded(visitState(v))) + text.After(": ", strings.ReplaceAll(visitWhy(v), "`", ""))
			lines = append(lines, line)
		}
		if n := len(g.visits) - len(lines); n > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", n))
		}
		block(b, g.title, lines)
	}
}
