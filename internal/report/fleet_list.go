package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/text"
)

// Fleet is a list of review apps.
type Fleet struct {
	Apps       []fleet.App
	At         time.Time // when they were listed, by the API server's clock
	Repository string    // whose apps alone are listed, with its host; empty: everybody's
	Namespace  string    // in which alone it was looked; empty: in all
	Every      bool      // releases that are not Berth's are listed, too
}

// fleetColumn is a column of the list.
type fleetColumn struct {
	title string
	least int // cells that are left of it where there is little room; 0: it is not made narrower
	of    func(a *fleet.App, now time.Time) string
}

// fleetColumns are the columns behind the state.
var fleetColumns = []fleetColumn{
	{"APP", 8, func(a *fleet.App, _ time.Time) string { return a.Name }},
	{"BRANCH", 12, func(a *fleet.App, _ time.Time) string { return fleetBranch(a) }},
	{"PR", 0, func(a *fleet.App, _ time.Time) string { return positive(a.Origin.PullRequest) }},
	{"COMMIT", 0, func(a *fleet.App, _ time.Time) string { return a.Commit[:min(len(a.Commit), 7)] }},
	{"REV", 0, func(a *fleet.App, _ time.Time) string { return positive(a.Revision) }},
	{"AGE", 0, func(a *fleet.App, now time.Time) string { return ageOf(a.Created, now) }},
	{"DEPLOYED", 0, func(a *fleet.App, now time.Time) string { return ageOf(a.Deployed, now) }},
	{"EXPIRES", 0, expiry},
	{"CPU", 0, func(a *fleet.App, _ time.Time) string { return requestOf(a, "cpu") }},
	{"MEMORY", 0, func(a *fleet.App, _ time.Time) string { return requestOf(a, "memory") }},
	{"VERDICT", 0, lastVerdict},
	{"DRIFT", 0, func(*fleet.App, time.Time) string { return "" }}, // nobody has looked
	{"NAMESPACE/RELEASE", 16, func(a *fleet.App, _ time.Time) string { return fleetPlace(a) }},
	{"URL", 16, func(a *fleet.App, _ time.Time) string { return a.URL }},
}

// fleetBranch returns an app's branch, with the repository that it lives in where that is
// another one.
func fleetBranch(a *fleet.App) string {
	head := a.Origin.HeadRepository
	if head == "" || strings.EqualFold(head, a.Origin.Repository) {
		return a.Origin.Branch
	}
	return head + ":" + a.Origin.Branch
}

func fleetPlace(a *fleet.App) string { return strings.TrimSuffix(a.Namespace+"/"+a.Release, "/") }

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ageOf(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return text.Age(now.Sub(at))
}

// expiry returns when an app may go.
func expiry(a *fleet.App, now time.Time) string {
	switch {
	case a.Keep != "":
		return "kept"
	case a.Unreadable != "":
		return "unknown"
	case a.Expires.IsZero():
		return ""
	case a.Expires.After(now):
		left := a.Expires.Sub(now)
		if left > 48*time.Hour {
			left = left.Round(24 * time.Hour)
		}
		return "in " + text.Age(left)
	}
	return text.Age(now.Sub(a.Expires)) + " ago"
}

// requestOf returns what an app's pods ask for of one resource, of cpu=250m,memory=1Gi.
func requestOf(a *fleet.App, resource string) string {
	for part := range strings.SplitSeq(a.Requests, ",") {
		if amount, ok := strings.CutPrefix(part, resource+"="); ok {
			return amount
		}
	}
	return ""
}

// lastVerdict returns how the last run ended that found out how an app stands, and when.
func lastVerdict(a *fleet.App, now time.Time) string {
	if a.Verdict == "" || a.VerdictAt.IsZero() {
		return a.Verdict
	}
	return a.Verdict + ", " + ageOf(a.VerdictAt, now)
}

// fleetMark is the mark before an app's state.
func fleetMark(a *fleet.App) string {
	switch s := a.State(); {
	case s.Bad():
		return "✗"
	case a.Doubt != "" || a.Unreadable != "":
		return "!"
	case s == fleet.StateDeployed:
		return "✓"
	}
	return "·"
}

// summary is how many apps there are, and how many of them are bad.
func (f Fleet) summary() string {
	noun := "review app"
	if f.Every {
		noun = "release"
	}
	s := text.Plural(len(f.Apps), noun)
	if len(f.Apps) == 0 {
		s = "No " + noun + "s"
	}
	s += f.where()
	var bad []string
	for _, state := range fleet.States {
		if n := f.count(state); n > 0 && state.Bad() {
			bad = append(bad, fmt.Sprintf("%d %s", n, state))
		}
	}
	return s + text.After(": ", strings.Join(bad, ", "))
}

// where is what the list is of.
func (f Fleet) where() (s string) {
	if f.Repository != "" {
		s = " of " + bounded(f.Repository)
	}
	if f.Namespace != "" {
		s += " in namespace " + bounded(f.Namespace)
	}
	return s
}

func (f Fleet) count(state fleet.State) (n int) {
	for i := range f.Apps {
		if f.Apps[i].State() == state {
			n++
		}
	}
	return n
}

// remarks are what a person should know of some of the apps.
func (f Fleet) remarks() (lines []string) {
	for i := range f.Apps {
		a := &f.Apps[i]
		if why := cmp.Or(a.Doubt, a.Unreadable); why != "" {
			lines = append(lines, fleetPlace(a)+": "+why)
		}
	}
	return lines
}

// maxRemarks is how many of them are shown.
const maxRemarks = 10

// row returns an app's cells, each one line, as they are.
func fleetRowCells(a *fleet.App, now time.Time) []string {
	cells := make([]string, len(fleetColumns))
	for i, c := range fleetColumns {
		cells[i] = cmp.Or(bounded(c.of(a, now)), "-")
	}
	return cells
}

// FleetText returns the list as a table for a terminal or a log. Where width is not 0, no line
// takes more cells than that. It holds untrusted text: on GitHub it has to be printed with
// workflow commands stopped.
func FleetText(f Fleet, width int) string {
	var b strings.Builder
	if len(f.Apps) > 0 {
		for _, line := range FleetRows(f, width) {
			b.WriteString(line + "\n")
		}
		b.WriteByte('\n')
	}
	b.WriteString(fit(f.summary(), width) + "\n")
	remarks := f.remarks()
	for i, line := range remarks {
		if i == maxRemarks {
			fmt.Fprintf(&b, "  and %d more\n", len(remarks)-i)
			break
		}
		b.WriteString(fit("! "+bounded(line), width) + "\n")
	}
	return b.String()
}

// FleetSummary is how many apps there are, in a line.
func FleetSummary(f Fleet, width int) string { return fit(f.summary(), width) }

func fit(line string, width int) string {
	if width <= 0 {
		return line
	}
	return text.CutCells(line, width)
}

// FleetRows returns the head and the rows of the table alone.
func FleetRows(f Fleet, width int) []string {
	rows := make([][]string, 0, len(f.Apps)+1)
	head := []string{"  STATE"}
	for _, c := range fleetColumns {
		head = append(head, c.title)
	}
	rows = append(rows, head)
	for i := range f.Apps {
		a := &f.Apps[i]
		rows = append(rows, append([]string{fleetMark(a) + " " + string(a.State())}, fleetRowCells(a, f.At)...))
	}
	widths := make([]int, len(head))
	for _, r := range rows {
		for c := range r {
			widths[c] = max(widths[c], text.Width(r[c]))
		}
	}
	narrow(widths, width)
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = alignRow(r, widths, width)
	}
	return lines
}

// columnGap is what is between two columns.
const columnGap = "  "

// narrow takes cells from the widest of the columns that may be narrower until all fit, or none
// of them has any to give.
func narrow(widths []int, room int) {
	over := len(columnGap) * (len(widths) - 1)
	for _, w := range widths {
		over += w
	}
	for over -= room; room > 0 && over > 0; over-- {
		widest := -1
		for c, column := range fleetColumns {
			if w := widths[c+1]; column.least > 0 && w > column.least && (widest < 0 || w > widths[widest]) {
				widest = c + 1
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func alignRow(cells []string, widths []int, room int) string {
	var b strings.Builder
	for c, cell := range cells {
		b.WriteString(text.Pad(text.CutCells(cell, widths[c]), widths[c]) + columnGap)
	}
	return fit(strings.TrimRight(b.String(), " "), room)
}

// FleetMarkdown returns the list as Markdown, such as for a job's summary.
func FleetMarkdown(f Fleet) string {
	var b strings.Builder
	b.WriteString(escapeText(f.summary()) + "\n")
	if len(f.Apps) == 0 {
		return b.String()
	}
	b.WriteString("\n| | State |")
	for _, c := range fleetColumns {
		title := c.title
		if title != "PR" && title != "CPU" && title != "URL" {
			title = title[:1] + strings.ToLower(title[1:])
		}
		b.WriteString(" " + title + " |")
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(fleetColumns)+2) + "\n")
	for i := range f.Apps {
		a := &f.Apps[i]
		fmt.Fprintf(&b, "| %s | %s |", fleetMark(a), escapeText(string(a.State())))
		for c, cell := range fleetRowCells(a, f.At) {
			b.WriteString(" " + fleetMarkdownCell(a, fleetColumns[c].title, cell) + " |")
		}
		b.WriteByte('\n')
	}
	remarks := f.remarks()
	for i, line := range remarks {
		if i == 0 {
			b.WriteByte('\n')
		}
		if i == maxRemarks {
			fmt.Fprintf(&b, "- and %d more\n", len(remarks)-i)
			break
		}
		b.WriteString("- " + quote(line) + "\n")
	}
	return b.String()
}

// fleetMarkdownCell returns a cell in Markdown, as a link where there is a page of it.
func fleetMarkdownCell(a *fleet.App, title, cell string) string {
	if cell == "-" {
		return "–"
	}
	switch title {
	case "PR":
		return linked(escapeText(cell), a.PullPage())
	case "COMMIT":
		return linked(code(cell), a.CommitPage())
	case "BRANCH", "NAMESPACE/RELEASE":
		return code(cell)
	case "URL":
		return link(a.URL)
	}
	return escapeText(cell)
}

// FleetChange returns what has changed of an app since it was listed before, as a line; "" where
// that is nothing that the list shows. One that is new has no before, and one that is gone no now.
func FleetChange(before, now *fleet.App) string {
	switch {
	case before == nil && now == nil:
		return ""
	case now == nil:
		return "· " + bounded(fleetPlace(before)) + ": gone"
	case before == nil:
		return fleetMark(now) + " " + bounded(fleetPlace(now)) + ": " + fleetStanding(now) + text.After(", ", bounded(now.URL))
	}
	was, is := fleetStanding(before), fleetStanding(now)
	if was == is {
		return ""
	}
	return fleetMark(now) + " " + bounded(fleetPlace(now)) + ": " + is + " (was " + was + ")"
}

// fleetStanding is how an app stands, in a few words.
func fleetStanding(a *fleet.App) string {
	parts := []string{string(a.State())}
	if a.Revision > 0 {
		parts = append(parts, fmt.Sprintf("revision %d", a.Revision))
	}
	if v := bounded(a.Verdict); v != "" {
		parts = append(parts, v)
	}
	if a.Keep != "" {
		parts = append(parts, "kept")
	}
	return strings.Join(parts, ", ")
}

// WorstFirst returns the apps with those first at which a person should look, and of these and of
// the others those first that were deployed last.
func WorstFirst(apps []fleet.App) []fleet.App {
	sorted := slices.Clone(apps)
	rank := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(sorted, func(a, b fleet.App) int {
		return cmp.Or(cmp.Compare(rank[a.State().Bad()], rank[b.State().Bad()]), b.Deployed.Compare(a.Deployed))
	})
	return sorted
}
