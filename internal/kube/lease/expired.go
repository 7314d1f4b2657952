package lease

import (
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// remembered is how many expiries the Lease keeps: runs that are cut off one
// after another, each before it could mend what the one before had left.
const remembered = 20

// expired is a lock whose holder let it run out at a moment.
func expired(lock facts.Lock, at time.Time) facts.Lock {
	lock.State = facts.LockExpired
	if _, known := lock.ExpiredAt(lock.Run); !known {
		lock.Expired = append([]facts.Expiry{{Run: lock.Run, At: at}}, lock.Expired...)
	}
	return lock
}

func formatExpired(list []facts.Expiry) string {
	var runs []string
	for _, e := range list[:min(len(list), remembered)] {
		later := e.At.Add(time.Second - 1) // whole seconds, and never too early
		runs = append(runs, e.Run+"="+later.UTC().Format(time.RFC3339))
	}
	return strings.Join(runs, ",")
}

// parseExpired reads what formatExpired wrote and leaves out what it did not.
func parseExpired(text string) []facts.Expiry {
	var list []facts.Expiry
	for entry := range strings.SplitSeq(text, ",") {
		run, at, _ := strings.Cut(entry, "=")
		if t, err := time.Parse(time.RFC3339, at); err == nil && run != "" {
			list = append(list, facts.Expiry{Run: run, At: t})
		}
	}
	return list
}
