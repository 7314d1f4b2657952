package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// fateTitles are the titles of the apps that have one fate.
var fateTitles = map[result.Fate]string{
	result.FateFailed:  "Failed",
	result.FateWent:    "Went",
	result.FateWouldGo: "Would go",
	result.FateLeft:    "Left for the next sweep",
	result.FateKept:    "Kept",
}

// sweptCount says how many apps there were, and what became of them: "12 found: 3 went, 9 kept".
func sweptCount(s *result.Sweep) string {
	if s == nil {
		return ""
	}
	var parts []string
	for _, f := range result.Fates {
		if n := len(s.Of(f)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ToLower(fateTitles[f])))
		}
	}
	count := fmt.Sprintf("%d found", len(s.Apps)) + text.After(": ", strings.Join(parts, ", "))
	if s.Others > 0 {
		count += fmt.Sprintf("; %d of other repositories were left alone", s.Others)
	}
	return count
}

// sweptGroup is the apps that are shown together.
type sweptGroup struct {
	title  string
	folded bool // nobody has to act on them
	apps   []result.SweptApp
}

// sweptGroups returns the apps by what became of them: first what somebody has to act on.
func sweptGroups(s *result.Sweep) (groups []sweptGroup) {
	if s == nil {
		return nil
	}
	for _, f := range result.Fates {
		title := fateTitles[f]
		if f != result.FateKept {
			groups = append(groups, sweptGroup{title, false, s.Of(f)})
			continue
		}
		look, rest := sweptGroup{title: "Kept, and to be looked at"}, sweptGroup{title: title, folded: true}
		for _, a := range s.Of(f) {
			if a.Look {
				look.apps = append(look.apps, a)
			} else {
				rest.apps = append(rest.apps, a)
			}
		}
		groups = append(groups, look, rest)
	}
	return groups
}

// titled is the group's title with how many apps it has.
func (g sweptGroup) titled() string { return fmt.Sprintf("%s: %d", g.title, len(g.apps)) }

// sweptWhy says why an app had its fate, what of it was left, and what to do about it.
func sweptWhy(a result.SweptApp) string {
	s := a.Why
	if len(a.Left) > 0 {
		s = text.Sentences(s) + " Left: " + strings.Join(a.Left[:min(len(a.Left), maxLines)], "; ")
	}
	return withNext(text.Sentences(s), a.Next)
}

// withNext returns sentences with what to do next behind them, on the same line.
func withNext(s, next string) string {
	for _, line := range text.Lines(next) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			line = "`" + command + "`"
		}
		s = strings.TrimSpace(s + " " + line)
	}
	return s
}

// sweptOf names what an app is for: its branch, and its pull request.
func sweptOf(a result.SweptApp) string { return branchAndPull(a.Branch, a.PullRequest) }

func branchAndPull(branch string, number int) string {
	if number > 0 {
		return strings.TrimSpace(fmt.Sprintf("%s #%d", branch, number))
	}
	return branch
}

// sweptAt is when an app was deployed last, or "" where that is not known.
func sweptAt(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// sweptTables returns the apps as tables, for Markdown.
func sweptTables(s *result.Sweep) (sections []string) {
	for _, g := range sweptGroups(s) {
		if len(g.apps) == 0 {
			continue
		}
		var b strings.Builder
		b.WriteString("| Review app | Branch | Last deployed | Why |\n|:--|:--|:--|:--|\n")
		for _, a := range capped(g.apps) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(text.Cut(a.Namespace+"/"+a.Release, maxPhrase)), quote(sweptOf(a)),
				sweptAt(a.LastDeployed), prose(text.Cut(sweptWhy(a), 2*maxPhrase)))
		}
		table := b.String() + more(len(g.apps))
		if g.folded {
			sections = append(sections, details(g.titled(), table))
			continue
		}
		sections = append(sections, "### "+g.titled()+"\n\n"+table)
	}
	return sections
}

// sweptText writes the apps as lines, without Markdown.
func sweptText(b *strings.Builder, s *result.Sweep) {
	for _, g := range sweptGroups(s) {
		var lines []string
		for _, a := range capped(g.apps) {
			line := bounded(a.Namespace + "/" + a.Release)
			if of := sweptOf(a); of != "" {
				line += " (" + bounded(of) + ")"
			}
			lines = append(lines, line+": "+strings.ReplaceAll(sweptWhy(a), "`", ""))
		}
		if n := len(g.apps) - len(lines); n > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", n))
		}
		block(b, g.titled(), lines)
	}
}

// sweptView is a table of apps on the page.
type sweptView struct {
	Title  string
	Folded bool
	Rows   []sweptRow
	More   int
}

type sweptRow struct {
	App []span
	Of  string
	At  string
	Why []span
}

// sweptOfPage returns the apps as tables, for the page.
func sweptOfPage(s *result.Sweep) (sections []section) {
	for _, g := range sweptGroups(s) {
		if len(g.apps) == 0 {
			continue
		}
		v := sweptView{Title: g.titled(), Folded: g.folded, More: max(0, len(g.apps)-maxRows)}
		for _, a := range capped(g.apps) {
			v.Rows = append(v.Rows, sweptRow{App: asCode(text.Cut(a.Namespace+"/"+a.Release, maxPhrase)), Of: bounded(sweptOf(a)),
				At: sweptAt(a.LastDeployed), Why: spansOf(text.Cut(sweptWhy(a), 2*maxPhrase))})
		}
		sections = append(sections, section{"swept", v})
	}
	return sections
}
