package report

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// What GitHub shows: 10 annotations of each level in a step, and 4,096 characters
// of a message. It drops what is beyond without a word.
const (
	maxNotes   = 10
	maxMessage = 4096
	maxTitle   = 255
)

// Annotations returns the notes to show beside the job, errors first, as many and
// as long as the platform shows. If the run ended in a way to act on and no note
// has the level of that, a note with the headline is added.
func Annotations(r result.Result) []result.Note {
	notes := r.Notes
	if lead, ok := endingNote(r); ok && !hasLevel(notes, lead.Level) {
		notes = append([]result.Note{lead}, notes...)
	}
	evidence := annotationDiagnosis(r)
	var shown []result.Note
	for _, level := range []result.Level{result.LevelError, result.LevelWarning, result.LevelNotice} {
		count := 0
		for _, n := range notes {
			if n.Level != level || count == maxNotes {
				continue
			}
			count++
			if count == 1 && (level == result.LevelError || level == result.LevelWarning && r.Softened) {
				n.Message = strings.TrimSpace(n.Message) + evidence
			}
			shown = append(shown, result.Note{
				Level:   level,
				Title:   text.Cut(plainTitle(n.Title), maxTitle),
				File:    n.File,
				Line:    n.Line,
				Message: text.Cut(strings.TrimSpace(text.Clean(n.Message)), maxMessage),
			})
		}
	}
	return shown
}

// plainTitle returns a title without the backticks of Markdown, which an annotation shows
// as they are, and without the full stop of a sentence.
func plainTitle(title string) string {
	return strings.TrimSuffix(text.OneLine(strings.ReplaceAll(title, "`", "")), ".")
}

// hasLevel says whether any of the notes has the level.
func hasLevel(notes []result.Note, level result.Level) bool {
	for _, n := range notes {
		if n.Level == level {
			return true
		}
	}
	return false
}

// endingNote returns a note on how the run ended. It returns false after a success
// without a repair, which needs no annotation.
func endingNote(r result.Result) (result.Note, bool) {
	n := result.Note{Title: headline(r)}
	switch {
	case severityOf(r) == failed && !r.Softened:
		n.Level = result.LevelError
	case severityOf(r) == failed:
		n.Level = result.LevelWarning
	case severityOf(r) == interrupted, r.Repair != "":
		n.Level = result.LevelWarning
	case severityOf(r) == nothingDone:
		n.Level = result.LevelNotice
	default:
		return n, false
	}
	parts := []string{strings.TrimSpace(r.Cause)}
	for _, g := range r.Missing {
		missing := "missing: " + permissionLine(g)
		if r.User != "" {
			missing += " for " + r.User
		}
		parts = append(parts, missing)
	}
	parts = append(parts, strings.TrimSpace(r.Next))
	n.Message = strings.TrimSpace(strings.Join(parts, "\n"))
	if n.Message == "" {
		n.Message = n.Title
	}
	return n, true
}

// GitLabAnnotations returns annotations.json: links on the job's page to the review app
// and to the report, as far as each is a plain web address. GitLab takes 80 KB and 20
// links of a job; these are two of at most 2 KB.
func GitLabAnnotations(r result.Result, page string) ([]byte, error) {
	type external struct {
		Label string `json:"label"`
		URL   string `json:"url"`
	}
	type annotation struct {
		Link external `json:"external_link"`
	}
	groups := map[string][]annotation{}
	if address, ok := webAddress(publicURL(r)); ok {
		label := "Review app"
		if u, err := url.Parse(address); err == nil {
			label += " " + u.Host
		}
		groups["Berth"] = append(groups["Berth"], annotation{external{text.Cut(label, maxTitle), address}})
	}
	if address, ok := webAddress(page); ok {
		groups["Berth"] = append(groups["Berth"], annotation{external{"Report", address}})
	}
	b, err := json.MarshalIndent(groups, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode GitLab's annotations: %w; please report this as a bug", err)
	}
	return append(b, '\n'), nil
}
