package report

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
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
func Annotations(r result.Result) []result.Note {
	notes := r.Notes
	if lead, ok := leadNote(r); ok && !hasLevel(notes, lead.Level) {
		notes = append([]result.Note{lead}, notes...)
	}
	evidence := noteDiagnosis(r)
	var shown []result.Note
	for _, level := range []result.Level{result.LevelError, result.LevelWarning, result.LevelNotice} {
		count := 0
		for _, n := range notes {
			if n.Level != level || count == maxNotes {
				continue
			}
			count++
			if level == result.LevelError && count == 1 {
				n.Message = strings.TrimSpace(n.Message) + evidence
			}
			shown = append(shown, result.Note{
				Level:   level,
				Title:   text.Cut(text.OneLine(n.Title), maxTitle),
				Message: text.Cut(strings.TrimSpace(text.Clean(n.Message)), maxMessage),
			})
		}
	}
	return shown
}

func hasLevel(notes []result.Note, level result.Level) bool {
	for _, n := range notes {
		if n.Level == level {
			return true
		}
	}
	return false
}

// leadNote says how the run ended; a plain success needs no annotation.
func leadNote(r result.Result) (result.Note, bool) {
	n := result.Note{Title: headline(r)}
	switch {
	case moodOf(r) == bad:
		n.Level = result.LevelError
	case moodOf(r) == stopped, r.Repair != "":
		n.Level = result.LevelWarning
	case moodOf(r) == quiet:
		n.Level = result.LevelNotice
	default:
		return n, false
	}
	parts := []string{strings.TrimSpace(r.Cause)}
	for _, g := range r.Missing {
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
func GitLabAnnotations(r result.Result) ([]byte, error) {
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
		groups["Berth"] = []annotation{{external{text.Cut(label, maxTitle), address}}}
	}
	b, err := json.MarshalIndent(groups, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode GitLab's annotations: %w; please report this as a bug", err)
	}
	return append(b, '\n'), nil
}
