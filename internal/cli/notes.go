package cli

import (
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/result"
)

// note keeps what comes from outside the flow: the API server's warnings arrive
// on any goroutine.
func (w *wiring) note(n result.Note) {
	w.noting.Lock()
	defer w.noting.Unlock()
	w.notes = append(w.notes, n)
}

func (w *wiring) noted() []result.Note {
	w.noting.Lock()
	defer w.noting.Unlock()
	return slices.Clone(w.notes)
}

// debug prints a line of the libraries' own logs when asked to.
func (w *wiring) debug(format string, args ...any) {
	if w.options.LogLevel == "debug" {
		w.platform.Line("debug: " + fmt.Sprintf(format, args...))
	}
}

// debugAudit shows what the record store wrote and what was asked for.
func (w *wiring) debugAudit(r result.Result) {
	for _, a := range r.Audit {
		w.debug("record: %s %s revision %d status %s: %d tries, error %q", a.Verb, a.Key, a.Revision, a.Status, a.Tries, a.Error)
	}
	for _, t := range r.Traffic {
		w.debug("requests: %s %s: %d, %d bytes sent, %d received", t.Verb, t.Resource, t.Count, t.Sent, t.Received)
	}
}

// hookLog prints the log of a hook's container, line by line where it comes so.
type hookLog struct {
	w    *wiring
	from string
}

func (h hookLog) Write(b []byte) (int, error) {
	h.w.platform.Line(h.from + ": " + string(b))
	return len(b), nil
}
