package facts

import "time"

// Facts is all that a diagnosis is made from.
type Facts struct {
	Release   string
	Identity  string // hash of the branch that this run is for
	Run       string // hash of this run
	Now       time.Time
	Namespace Namespace
	Records   []Record // by revision, ascending
	Lock      Lock
	CI        RunState // of the run that wrote the last record, where it was asked for
	Objects   []Object // of the last record's manifest
	HookJobs  []Object // of the last record's hooks
	Dropped   []Object // of the revision before, no longer in the last one's
	Observed  bool     // Objects and HookJobs were read, and Dropped where the record is pending
	// DroppedUnread says why Dropped could not be told, if it could not.
	DroppedUnread string
}

// Last is the newest revision, or nil when there is none.
func (f *Facts) Last() *Record {
	if len(f.Records) == 0 {
		return nil
	}
	return &f.Records[len(f.Records)-1]
}
