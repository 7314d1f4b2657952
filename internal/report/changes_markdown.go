package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// changeSection returns what a deploy has changed, or would change: one line, and folded
// behind it the objects with their fields.
func changeSection(r result.Result) string {
	if r.Changes == nil {
		return ""
	}
	if s := nothingChanged(r.Changes); s != "" {
		return s + "\n"
	}
	return "### " + changesTitle(r.Changes) + "\n\n" + r.Changes.String() + "\n\n" +
		details(text.Plural(len(r.Changes.All), "object"), changeTable(r))
}

func changeTable(r result.Result) string {
	rows, left := changeRows(r, maxRows, maxBlock)
	var b strings.Builder
	b.WriteString("| | Object | What |\n|:-:|:--|:--|\n")
	for _, row := range rows {
		what := []string{withReason(row.words(r.Changes.Planned), escapeText(row.why))}
		for _, field := range row.fields {
			what = append(what, markdown(field))
		}
		if row.more > 0 {
			what = append(what, fmt.Sprintf("and %d more", row.more))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", code(row.mark()), code(row.object), strings.Join(what, "<br>"))
	}
	if left > 0 {
		fmt.Fprintf(&b, "\nand %d more\n", left)
	}
	return b.String()
}
