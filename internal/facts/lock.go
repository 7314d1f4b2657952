package facts

import "time"

// LockState is what the release's Lease says.
type LockState string

// The states of a Lease.
const (
	LockAbsent   LockState = "absent"   // there is none
	LockHeld     LockState = "held"     // somebody renews it
	LockEnded    LockState = "ended"    // its holder said that it is done
	LockExpired  LockState = "expired"  // its holder stopped renewing
	LockUnusable LockState = "unusable" // no permission on Leases
)

// Lock is the release's Lease.
type Lock struct {
	State  LockState
	Run    string // hash of the run that held it, as in Stamp.Run
	Holder string // run URL and attempt; untrusted text
	Since  time.Time
	// Expired are the runs that let it run out, newest first: whoever held it
	// then has sent nothing since.
	Expired []Expiry
	Attempt Attempt // the last attempt that ended in order
}

// Expiry is a run that stopped renewing a Lease, and when that ran out.
type Expiry struct {
	Run string // same hash as Stamp.Run
	At  time.Time
}

// ExpiredAt is when the run let the Lease run out, if it did.
func (l Lock) ExpiredAt(run string) (time.Time, bool) {
	for _, e := range l.Expired {
		if e.Run == run {
			return e.At, true
		}
	}
	return time.Time{}, false
}

// Attempt is what every orderly end leaves on the Lease, also when the record
// itself could not be written.
type Attempt struct {
	Run         string // same hash as Stamp.Run
	Revision    int
	Outcome     string // deployed, failed, interrupted
	HooksProven bool   // the SDK returned success after the hooks ran
}

// RunState is what the CI's own API says of a run.
type RunState string

// The states of a CI run. Without a token, an answer or a run that can be asked
// about, it is unknown.
const (
	RunUnknown RunState = "unknown"
	RunRunning RunState = "running"
	RunEnded   RunState = "ended"
)
