package facts

import "time"

// LockState is what the release's Lease says.
type LockState string

// The states of a Lease.
const (
	LockAbsent   LockState = "absent"   // there is no Lease
	LockHeld     LockState = "held"     // its holder renews it
	LockEnded    LockState = "ended"    // its holder released it
	LockExpired  LockState = "expired"  // its holder stopped renewing
	LockUnusable LockState = "unusable" // no permission on Leases
)

// Lock is the release's Lease.
type Lock struct {
	State  LockState
	Run    string // hash of the run that held it, as in Stamp.Run
	Holder string // run URL and attempt; untrusted text
	Since  time.Time
	// Expired are the runs that stopped renewing it, newest first. Their fences
	// have let no request pass since.
	Expired []Expiry
	Attempt Attempt // the last run's attempt that released the lock
}

// Expiry is a run that stopped renewing the Lease, and when the Lease expired.
type Expiry struct {
	Run string // same hash as Stamp.Run
	At  time.Time
}

// ExpiredAt returns when the Lease of this run expired, if it did.
func (l Lock) ExpiredAt(run string) (time.Time, bool) {
	for _, e := range l.Expired {
		if e.Run == run {
			return e.At, true
		}
	}
	return time.Time{}, false
}

// Attempt is what a run writes on the Lease when it releases it: how its Helm
// operation ended, also where the record could not be written.
type Attempt struct {
	Run         string // same hash as Stamp.Run
	Revision    int
	Outcome     string // deployed, failed, interrupted, uninstalled
	HooksProven bool   // Helm returned success, and no hook was deleted while it ran
}

// Stored returns whether the run has stored a record that is not known to have been deleted.
func (a Attempt) Stored() bool {
	return a.Revision > 0 && (a.Outcome == "deployed" || a.Outcome == "failed")
}

// Standing is what a run writes on the lock, beside its attempt, for those who list many
// releases and look at none of them.
type Standing struct {
	// Verdict is how the run ended, as the output verdict has it; empty: the run has not found
	// out how the release stands, and what the lock said of that stays.
	Verdict string
	// Manifest is that of the last revision, of which the lock says what its pods ask for;
	// empty: it is not known, and what the lock said of that stays.
	Manifest string
}

// RunState is what the CI's own API says of a run.
type RunState string

// The states of a CI run. It is unknown without a token, without an answer, and
// for a run of another platform.
const (
	RunUnknown RunState = "unknown"
	RunRunning RunState = "running"
	RunEnded   RunState = "ended"
)
