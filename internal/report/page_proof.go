package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// lineView is a line of a block. The telling one says why a container ended.
type lineView struct {
	Text    string
	Telling bool
}

type textView struct {
	Title string
	Lines []lineView
}

// linesOf returns untrusted lines for a block of at most maxBlock bytes.
func linesOf(pieces []string, telling string) []lineView {
	var lines []lineView
	for line := range strings.Lines(preformatted(strings.Join(capped(pieces), "\n"), maxBlock)) {
		line = strings.TrimRight(line, "\n")
		lines = append(lines, lineView{line, telling != "" && line == strings.TrimSpace(text.Clean(telling))})
	}
	return lines
}

// capital returns a title of Berth's own with a capital at its beginning.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func textOf(title string, pieces []string) any {
	if lines := linesOf(pieces, ""); len(lines) > 0 {
		return textView{title, lines}
	}
	return nil
}

// blockView is what one container printed, or what was said of an object.
type blockView struct {
	textView
	Open  bool
	Empty bool // one line, which says why there are no others
}

type symptomView struct {
	Object, Reason string
	Open           bool
	Blocks         []blockView
}

type diagnosisView struct {
	Late, Own string
	Symptoms  []symptomView
	More      int
}

func diagnosisOf(r result.Result) any {
	d := r.Diagnostics
	if d == nil || len(d.Symptoms) == 0 {
		return nil
	}
	v := diagnosisView{Own: bounded(ownReason(d, r.Namespace)), More: beyond(len(d.Symptoms))}
	if isLate(r) {
		v.Late = late
	}
	for i, s := range capped(d.Symptoms) {
		one := symptomView{Object: text.Cut(s.In(r.Namespace), maxPhrase), Reason: bounded(s.Reason), Open: true}
		if same := alike(d.Symptoms, i, r.Namespace); same != "" {
			one.Reason, one.Open = bounded("as "+same), false
		}
		for _, l := range capped(s.Logs) {
			one.Blocks = append(one.Blocks, blockView{textView{capital(bounded(logTitle(l))), linesOf(logLines(l), l.Telling)},
				one.Open && len(l.Lines) > 0, len(l.Lines) == 0})
		}
		if lines := linesOf(s.Events, ""); len(lines) > 0 {
			one.Blocks = append(one.Blocks, blockView{textView: textView{"Last events", lines}, Open: one.Open && !saysWhy(s)})
		}
		v.Symptoms = append(v.Symptoms, one)
	}
	return v
}

type permissionView struct {
	What, Namespace string
	Why             []span
	Optional        bool
	Reason          string
}

type permissionsView struct {
	User  string
	Items []permissionView
	More  int
	RBAC  string
}

func permissionsOf(r result.Result) any {
	if len(r.Missing) == 0 && r.RBAC == "" {
		return nil
	}
	missing := merged(r.Missing)
	v := permissionsView{User: bounded(r.User), More: beyond(len(missing))}
	for _, m := range capped(missing) {
		p := m.Permission
		p.Namespace = "" // of its own, so that the line can wrap between them
		v.Items = append(v.Items, permissionView{
			What: bounded(p.String()), Namespace: bounded(m.Namespace), Why: spansOf(bounded(m.Why)), Optional: m.Optional,
			Reason: bounded(m.Reason),
		})
	}
	v.RBAC = preformatted(wholeDocuments(r.RBAC, 4*maxBlock), 4*maxBlock+len(moreDocuments))
	return v
}

// rowView is a check or an object, and what was seen of it.
type rowView struct {
	Mark     string
	Name     []span
	Seen     []span
	Findings [][]span
}

// checksView is a table of checks or objects. It is folded unless one of them failed.
type checksView struct {
	Title        string
	Column, Seen string
	Attempts     int
	Failed       int
	Rows         []rowView
	More         int
}

func checksOf(r result.Result) any {
	if len(r.Checks) == 0 {
		return nil
	}
	v := checksView{Title: "Checks", Column: "Check", Seen: "Seen", More: beyond(len(r.Checks))}
	if r.Looks > 1 {
		v.Attempts = r.Looks
	}
	for _, c := range capped(r.Checks) {
		if !c.OK {
			v.Failed++
		}
		row := rowView{Mark: tick(c.OK), Name: spansOf(bounded(checkTitle(c))), Seen: spansOf(bounded(c.Detail))}
		for _, f := range c.Findings[:min(len(c.Findings), maxLines)] {
			row.Findings = append(row.Findings, asCode(bounded(f)))
		}
		if n := len(c.Findings) - maxLines; n > 0 {
			row.Findings = append(row.Findings, []span{{false, fmt.Sprintf("and %d more", n)}})
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Failed == 0 {
		v.Title = text.Plural(len(r.Checks), "check") + ", all passed"
	}
	return v
}

func objectsOf(r result.Result) any {
	if len(r.Objects) == 0 {
		return nil
	}
	v := checksView{Column: "Object", Seen: "State", More: beyond(len(r.Objects))}
	for i, o := range unhealthyFirst(r) {
		ok, state := objectState(o, r)
		if !ok {
			v.Failed++
		}
		if i < maxRows {
			name := asCode(text.Cut(o.In(r.Namespace), maxPhrase))
			v.Rows = append(v.Rows, rowView{Mark: tick(ok), Name: name, Seen: []span{{false, bounded(state)}}})
		}
	}
	v.Title = text.Plural(len(r.Objects), "object") + ", all healthy"
	if v.Failed > 0 {
		v.Title = attentionTitle(v.Failed, len(r.Objects))
	}
	return v
}
