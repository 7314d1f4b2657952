package result

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Write is one write of the record store and what became of it.
type Write struct {
	At       time.Duration `json:"atNanoseconds"`
	Verb     string        `json:"verb"` // create, update, delete
	Resource string        `json:"resource"`
	Key      string        `json:"key"`
	Revision int           `json:"revision"`
	Status   facts.Status  `json:"status,omitempty"` // what it meant to store
	Tries    int           `json:"tries"`
	Lost     bool          `json:"responseLost,omitempty"` // settled by reading back
	Error    string        `json:"error,omitempty"`
	Denied   bool          `json:"denied,omitempty"`   // 403
	Conflict bool          `json:"conflict,omitempty"` // 409: somebody else wrote
	Unknown  bool          `json:"unknown,omitempty"`  // no answer: it may or may not be stored
}

// Requests counts what was sent to the API server.
type Requests struct {
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
	Sent     int64  `json:"sentBytes"`
	Received int64  `json:"receivedBytes"`
}
