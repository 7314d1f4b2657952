package report

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/verdict"
)

// What GitHub shows: 10 annotations of each level a step, 4,096 characters a
// message; further ones vanish without a word.
const (
	maxNotes   = 10
	maxMessage = 4096
	maxTitle   = 255
)

// Annotations are the notes to show beside the job, errors first, within what
// the platform shows. How the run ended is always among them when it is
// something to act on: if no note of that level says it, the headline does.
func Annotations(r verdict.Result) []verdict.Note {
	notes := r.Notes
	if lead, ok := leadNote(r); ok && !hasLevel(notes, lead.Level) {
		notes = append([]verdict.Note{lead}, notes...)
	}
	evidence := noteDiagnosis(r)
	var shown []verdict.Note
	for _, level := range []verdict.Level{verdict.LevelError, verdict.LevelWarning, verdict.LevelNotice} {
		count := 0
		for _, n := range notes {
			if n.Level != level || count == maxNotes {
				continue
			}
			count++
			if level == verdict.LevelError && count == 1 {
				n.Message = strings.TrimSpace(n.Message) + evidence
			}
			shown = append(shown, verdict.Note{
				Level:   level,
				Title:   clip(oneLine(n.Title), maxTitle),
				Message: clip(strings.TrimSpace(Clean(n.Message)), maxMessage),
			})
		}
	}
	return shown
}

func hasLevel(notes []verdict.Note, level verdict.Level) bool {
	for _, n := range notes {
		if n.Level == level {
			return true
		}
	}
	return false
}

// leadNote says how the run ended; a plain success needs no annotation.
func leadNote(r verdict.Result) (verdict.Note, bool) {
	n := verdict.Note{Title: headline(r)}
	switch {
	case moodOf(r) == bad:
		n.Level = verdict.LevelError
	case moodOf(r) == stopped, r.Repair != "":
		n.Level = verdict.LevelWarning
	case moodOf(r) == quiet:
		n.Level = verdict.LevelNotice
	default:
		return n, false
	}
	parts := []string{strings.TrimSpace(r.Cause)}
	for _, g := range r.Gaps {
		missing := "missing: " + permission(g)
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

// GitLabAnnotations is annotations.json: the review app's address as a link on
// the job's page. GitLab takes 80 KB and 20 links a job; this is one link of at
// most 2 KB, or none.
func GitLabAnnotations(r verdict.Result) ([]byte, error) {
	type external struct {
		Label string `json:"label"`
		URL   string `json:"url"`
	}
	type annotation struct {
		Link external `json:"external_link"`
	}
	groups := map[string][]annotation{}
	if address, ok := webAddress(r.URL); ok {
		label := "Review app"
		if u, err := url.Parse(address); err == nil {
			label += " " + u.Host
		}
		groups["Berth"] = []annotation{{external{clip(label, maxTitle), address}}}
	}
	b, err := json.MarshalIndent(groups, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode GitLab's annotations: %w; please report this as a bug", err)
	}
	return append(b, '\n'), nil
}
