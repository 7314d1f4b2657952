package result

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Write is one write of the record store and what became of it.
type Write struct {
	At       time.Duration
	Verb     string // create, update, delete
	Resource string
	Key      string
	Revision int
	Status   facts.Status // the status to be stored
	Tries    int
	Lost     bool // the answer was lost, and reading back showed that it was applied
	Error    string
	Denied   bool // 403
	Conflict bool // 409: the record was changed by somebody else
	Unknown  bool // there was no answer, so it may be stored or not
}

// Requests counts the requests of one verb on one resource, and the bytes of their
// bodies.
type Requests struct {
	Verb     string
	Resource string
	Count    int
	Sent     int64
	Received int64
}

// Stored returns the newest revision and its status once these writes are made, in
// their order, to records of which the newest is revision, with this status. A write
// that was refused changes nothing; after one without an answer the status is
// unknown.
func Stored(writes []Write, revision int, status facts.Status) (int, facts.Status) {
	for _, w := range writes {
		if w.Verb == "delete" || w.Status == "" || w.Error != "" && !w.Unknown || w.Revision < revision {
			continue
		}
		revision, status = w.Revision, w.Status
		if w.Unknown {
			status = facts.StatusUnknown
		}
	}
	return revision, status
}
