package report

import (
	"fmt"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// changesView is what a deploy has changed: a line, and the objects below it. Where nothing
// has, the line is all there is.
type changesView struct {
	Title string
	Line  string
	Table *checksView
}

func changesOf(r result.Result) any {
	if r.Changes == nil {
		return nil
	}
	if s := nothingChanged(r.Changes); s != "" {
		return changesView{Line: s}
	}
	return changesView{Title: changesTitle(r.Changes), Line: r.Changes.String(), Table: changedObjects(r)}
}

func changedObjects(r result.Result) *checksView {
	rows, left := changeRows(r, maxRows, maxBlock)
	v := checksView{Title: text.Plural(len(r.Changes.All), "object"), Column: "Object", Seen: "What", More: left}
	for _, row := range rows {
		what := withReason(row.words(r.Changes.Planned), row.why)
		shown := rowView{Mark: row.mark(), Name: asCode(row.object), Seen: []span{{false, what}}, Findings: row.fields}
		if row.more > 0 {
			shown.Findings = append(shown.Findings, []span{{false, fmt.Sprintf("and %d more", row.more)}})
		}
		v.Rows = append(v.Rows, shown)
	}
	return &v
}
