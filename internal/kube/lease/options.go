package lease

import "time"

// defaultDuration is how long a Lease lasts unless it is renewed.
const defaultDuration = 30 * time.Second

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

	// ServerNow returns the API server's time, or zero while it is not known.
	// This machine's wall clock never decides whether a Lease has expired.
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

// now returns the time to write for people to read: the server's where it is
// known.
func (o Options) now() time.Time {
	if now := o.ServerNow(); !now.IsZero() {
		return now
	}
	return time.Now()
}
