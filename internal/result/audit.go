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
	Status   facts.Status // what it meant to store
	Tries    int
	Lost     bool // settled by reading back
	Error    string
	Denied   bool // 403
	Conflict bool // 409: somebody else wrote
	Unknown  bool // no answer: it may or may not be stored
}

// Requests counts what was sent to the API server.
type Requests struct {
	Verb     string
	Resource string
	Count    int
	Sent     int64
	Received int64
}
