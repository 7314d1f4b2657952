package lease

import (
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// expiriesKept is how many expiries a Lease keeps: of runs that were cut off one
// after another, each before it could repair what the one before had left.
const expiriesKept = 20

// expired returns the lock as one whose holder let it expire at that moment. What it
// says of a later moment is not believed.
func expired(lock facts.Lock, at time.Time) facts.Lock {
	lock.State = facts.LockExpired
	if noted, known := lock.ExpiredAt(lock.Run); !known || noted.After(at) {
		lock.Expired = append([]facts.Expiry{{Run: lock.Run, At: at}}, lock.Expired...)
	}
	return lock
}

// formatExpired returns the expiries as "run=time,run=time".
func formatExpired(list []facts.Expiry) string {
	var runs []string
	for _, e := range list[:min(len(list), expiriesKept)] {
		roundedUp := e.At.Add(time.Second - 1) // the text has whole seconds, and is never too early
		runs = append(runs, e.Run+"="+roundedUp.UTC().Format(time.RFC3339))
	}
	return strings.Join(runs, ",")
}

// parseExpired reads what formatExpired wrote and skips what it cannot read.
func parseExpired(text string) []facts.Expiry {
	var list []facts.Expiry
	for entry := range strings.SplitSeq(text, ",") {
		run, at, _ := strings.Cut(entry, "=")
		if t, err := time.Parse(time.RFC3339, at); err == nil && run != "" {
			list = append(list, facts.Expiry{Run: run, At: t})
		}
		if len(list) == expiriesKept {
			break
		}
	}
	return list
}
