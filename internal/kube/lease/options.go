package lease

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// defaultDuration is how long a Lease lasts unless it is renewed.
	defaultDuration = 30 * time.Second
	// longestDuration is the longest that a run may ask for (the input lock-duration).
	// A Lease that claims more was not written by one, and is believed no further.
	longestDuration = 10 * time.Minute
)

// Options say which release is locked, by whom, and for how long to try.
type Options struct {
	Namespace  string
	Release    string
	Holder     string        // for people: the run's URL and attempt
	Run        string        // the run's hash, as on the records' stamps
	Duration   time.Duration // how long the Lease lasts unless it is renewed; 0: 30 s
	RenewEvery time.Duration // room for a few failed renewals within Duration; 0: a third of it
	Wait       time.Duration // how long to wait for another holder; 0: not at all
	Absent     bool          // the Lease most likely does not exist: create it before reading it
	Renewable  bool          // as far as is known, whoever may create the Lease may also update it
	// Break takes a Lease that nobody renews while it is looked at, for as long as that
	// takes, and gives up as soon as it is renewed. Wait counts for nothing then.
	Break bool

	// ServerNow returns the earliest that the API server's time can be, or zero while
	// that is not known.
	ServerNow func() time.Time
	// OnWait is called with the holder that is waited for, once for each. The
	// text is untrusted.
	OnWait func(holder string, since time.Time)
}

func (o Options) withDefaults() Options {
	if o.Duration <= 0 {
		o.Duration = defaultDuration
	}
	if o.RenewEvery <= 0 || o.RenewEvery >= o.Duration {
		o.RenewEvery = o.Duration / 3
	}
	if o.ServerNow == nil {
		o.ServerNow = func() time.Time { return time.Time{} }
	}
	if o.OnWait == nil {
		o.OnWait = func(string, time.Time) {}
	}
	return o
}

// patience returns how long to try at most: to break a Lease, as long as any look
// takes.
func (o Options) patience() time.Duration {
	if o.Break {
		return longestDuration + time.Minute
	}
	return o.Wait
}

// sign writes this run as the holder that renews the Lease now. The time is by this
// machine's clock, since the API server stamps its own.
func (o Options) sign(spec *coordinationv1.LeaseSpec) {
	now := metav1.NewMicroTime(time.Now().Truncate(time.Microsecond)) // as it is stored
	seconds := int32(max(1, (o.Duration+time.Second-1)/time.Second))
	spec.HolderIdentity, spec.LeaseDurationSeconds, spec.RenewTime = &o.Holder, &seconds, &now
}
