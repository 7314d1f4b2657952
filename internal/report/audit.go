package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// writeTable returns every write of the record store and what became of it, folded.
func writeTable(r result.Result) string {
	if len(r.Audit) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| At | Write | Record | Meant to store | Tries | Outcome |\n|--:|:--|:--|:--|--:|:--|\n")
	for _, w := range capped(r.Audit) {
		fmt.Fprintf(&b, "| %.1f s | %s | %s | %s | %d | %s |\n", w.At.Seconds(), quote(w.Verb+" "+w.Resource),
			code(text.Cut(w.Key, maxPhrase)), code(string(w.Status)), w.Tries, quote(writeOutcome(w)))
	}
	return details(writesTitle(r), b.String()+more(len(r.Audit)))
}

// writesTitle counts the writes, and those that failed.
func writesTitle(r result.Result) string {
	failed := 0
	for _, w := range r.Audit {
		if w.Error != "" || w.Denied || w.Conflict || w.Unknown {
			failed++
		}
	}
	title := "Record writes: " + fmt.Sprint(len(r.Audit))
	if failed > 0 {
		title += fmt.Sprintf(", %d failed", failed)
	}
	return title
}

// writeOutcome says what became of a write.
func writeOutcome(w result.Write) string {
	switch {
	case w.Denied:
		return withReason("denied", w.Error)
	case w.Conflict:
		return withReason("conflict: somebody else wrote", w.Error)
	case w.Unknown:
		return withReason("no answer: it may or may not be stored", w.Error)
	case w.Error != "":
		return w.Error
	case w.Lost:
		return "stored; the response was lost, read back"
	}
	return "stored"
}

// requestTable returns what was sent to the API server, folded.
func requestTable(r result.Result) string {
	if len(r.Traffic) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| Verb | Resource | Count | Sent | Received |\n|:--|:--|--:|--:|--:|\n")
	for _, t := range capped(r.Traffic) {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", quote(t.Verb), quote(t.Resource), t.Count,
			text.Bytes(t.Sent), text.Bytes(t.Received))
	}
	return details(requestsTitle(r), b.String()+more(len(r.Traffic)))
}

// requestsTitle counts the requests and their bytes.
func requestsTitle(r result.Result) string {
	count, size := requestTotals(r)
	return fmt.Sprintf("Requests to the API server: %d, %s", count, text.Bytes(size))
}

// requestTotals returns the number of all requests, and of their bytes both ways.
func requestTotals(r result.Result) (count int, size int64) {
	for _, t := range r.Traffic {
		count += t.Count
		size += t.Sent + t.Received
	}
	return count, size
}
