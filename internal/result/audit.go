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
