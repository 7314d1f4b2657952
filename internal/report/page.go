package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

var (
	//go:embed page.css
	pageStyle string
	//go:embed page.html
	pageSource string
)

// pageTemplate returns the templates of the page. Its policy allows the one style that it
// has, by its hash, and nothing else: no script, no picture, no address to load from.
func pageTemplate() (*template.Template, error) {
	sum := sha256.Sum256([]byte(pageStyle))
	source := strings.NewReplacer("@HASH@", base64.StdEncoding.EncodeToString(sum[:]), "@STYLE@", pageStyle).Replace(pageSource)
	return template.New("page").Parse(source)
}

// section is a template of the page and what it shows; nil shows nothing.
type section struct {
	name string
	view any
}

// HTML returns report.html: what the summary has, as one page that needs nothing else
// and runs nothing, with the timeline as a picture. It is never larger than 900 KiB: a
// section that does not fit is left out whole, as in the summary.
func HTML(r result.Result) ([]byte, error) {
	wrap := func(err error) error {
		return fmt.Errorf("write the page of berth %s: %w; please report this as a bug", r.Verb, err)
	}
	templates, err := pageTemplate()
	if err != nil {
		return nil, wrap(err)
	}
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, "begin", markOf(r)+" "+plainTitle(headline(r))); err != nil {
		return nil, wrap(err)
	}
	const endAtMost = 1 << 10
	complete := true
	for _, s := range pageSections(r) {
		var b bytes.Buffer
		if s.view == nil {
			continue
		}
		if err := templates.ExecuteTemplate(&b, s.name, s.view); err != nil {
			return nil, wrap(err)
		}
		if page.Len()+b.Len()+endAtMost >= maxPage {
			complete = false
			continue
		}
		page.Write(b.Bytes())
	}
	end := struct {
		Complete bool
		Verb     string
	}{complete, text.Cut(text.OneLine("berth "+string(r.Verb)), maxPhrase/4)}
	if err := templates.ExecuteTemplate(&page, "end", end); err != nil {
		return nil, wrap(err)
	}
	return page.Bytes(), nil
}

// pageSections are the sections of the summary, in its order.
func pageSections(r result.Result) []section {
	sections := []section{
		{"headline", headlineOf(r)},
		{"properties", fieldsOf(foremost(r))},
		{"why", whyOf(r)},
		{"warnings", warningsOf(r)},
		{"next", nextOf(r)},
		{"diagnosis", diagnosisOf(r)},
		{"permissions", permissionsOf(r)},
		{"checks", checksOf(r)},
		{"checks", objectsOf(r)},
		{"changes", changesOf(r)},
		{"list", listOf("Kept", r.Kept)},
		{"list", listOf("Left behind", r.Remains)},
	}
	sections = append(sections, sweptOfPage(r.Sweep)...)
	return append(sections, []section{
		{"further", fieldsOf(further(r))},
		{"timeline", timelineOf(r)},
		{"text", textOf("What Berth saw", r.Evidence)},
		{"text", textOf("Chart notes", []string{r.ChartNote})},
		{"writes", writesOf(r)},
		{"requests", requestsOf(r)},
	}...)
}

// linkedSpans is a piece of text that may lead to a page.
type linkedSpans struct {
	Page  string // a plain web address, or ""
	Spans []span
}

// toPage returns text that leads to a page, if that is a plain web address.
func toPage(page string, spans []span) linkedSpans {
	if u, ok := webAddress(page); ok {
		return linkedSpans{u, spans}
	}
	return linkedSpans{Spans: spans}
}

// asCode returns a name as code; none of "".
func asCode(s string) []span {
	if s = text.OneLine(s); s == "" {
		return nil
	}
	return []span{{true, s}}
}

// asLink returns a plain web address as a link, of which a label is seen where there is
// one, and anything else as code.
func asLink(s, label string) linkedSpans {
	if u, ok := webAddress(s); ok {
		return linkedSpans{u, []span{{false, cmp.Or(label, u)}}}
	}
	return linkedSpans{Spans: asCode(s)}
}

type headlineView struct {
	Class, Mark string
	Title       []linkedSpans
}

func headlineOf(r result.Result) any {
	v := headlineView{Class: "plain", Mark: markOf(r)}
	switch {
	case severityOf(r) == succeeded:
		v.Class = "good"
	case severityOf(r) == halfway, severityOf(r) == interrupted, severityOf(r) == failed && r.Softened:
		v.Class = "warn"
	case severityOf(r) == failed:
		v.Class = "bad"
	}
	s := headline(r)
	if leadsWithURL(r) {
		v.Title = append(v.Title, asLink(r.URL, ""))
		s = strings.TrimPrefix(s, r.URL+" ")
	}
	v.Title = append(v.Title, linkedSpans{Spans: spansOf(s)})
	return v
}

type fieldView struct {
	Name  string
	Value linkedSpans
}

func fieldsOf(properties []property) any {
	var fields []fieldView
	for _, p := range properties {
		value := bounded(p.value)
		f := fieldView{Name: p.name}
		switch p.kind {
		case verbatim:
			f.Value = toPage(p.page, asCode(value))
		case address:
			f.Value = asLink(value, p.label)
		case wording:
			f.Value.Spans = spansOf(value)
		}
		fields = append(fields, f)
	}
	return orNil(fields)
}

// orNil returns a list to be shown, or nil if it is empty.
func orNil[T any](all []T) any {
	if len(all) == 0 {
		return nil
	}
	return all
}

type whyView struct {
	First []span
	Rest  string
}

func whyOf(r result.Result) any {
	first, rest := causeParts(r)
	if first == "" {
		return nil
	}
	return whyView{spansOf(first), preformatted(rest, maxBlock/4)}
}

// preformatted returns text for a block whose lines stay, cut to limit bytes.
func preformatted(s string, limit int) string {
	return strings.Trim(strings.TrimRight(text.Cut(text.Clean(s), limit), "\n \t"), "\n")
}

type warningView struct{ Title, Message []span }

func warningsOf(r result.Result) any {
	var all []warningView
	for _, n := range capped(r.Notes) {
		if n.Level == result.LevelWarning {
			all = append(all, warningView{spansOf(bounded(n.Title)), spansOf(text.Cut(text.OneLine(n.Message), 4*maxPhrase))})
		}
	}
	return orNil(all)
}

// stepView is a sentence of what to do next, or commands to copy.
type stepView struct {
	Sentence []span
	Commands string
}

func nextOf(r result.Result) any {
	var steps []stepView
	for _, p := range nextParts(r) {
		if p.commands != nil {
			steps = append(steps, stepView{Commands: preformatted(strings.Join(p.commands, "\n"), maxBlock/4)})
		} else {
			steps = append(steps, stepView{Sentence: spansOf(p.sentence)})
		}
	}
	return orNil(steps)
}

type listView struct {
	Title string
	Items [][]span
	More  int
}

func listOf(title string, lines []string) any {
	if len(lines) == 0 {
		return nil
	}
	v := listView{Title: title, More: beyond(len(lines))}
	for _, line := range capped(lines) {
		v.Items = append(v.Items, spansOf(bounded(line)))
	}
	return v
}

// beyond is how many of n items capped leaves out.
func beyond(n int) int { return max(0, n-maxRows) }
