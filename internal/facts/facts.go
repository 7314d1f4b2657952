package facts

import "time"

// Facts is what is known of a release at one moment: all that a diagnosis is made
// from.
type Facts struct {
	Release   string
	Identity  string // hash of the branch that this run is for; empty: none, of a release by its name that is no branch's
	Origin    Origin // that branch
	App       string // the app of it
	Run       string // hash of this run
	Chart     string // name of the chart that is to be deployed; empty when none is
	Now       time.Time
	Namespace Namespace
	Records   []Record // by revision, ascending
	// OtherEnded says that the other pull request is closed that the release was deployed for last.
	OtherEnded bool
	Lock       Lock
	CI         RunState // of the run that wrote the last record; "" unless it was asked for
	Objects    []Object // of the last record's manifest
	HookJobs   []Object // of the last record's hooks
	// Workloads are what the last record's hooks made to stay; see verdict.MakesWorkload.
	Workloads []HookObject
	Dropped   []Object // of the revision that was deployed before, and not of the last
	Observed  bool     // Objects and HookJobs were read, and Dropped where the record is pending
	// DroppedUnread is why Dropped could not be found out; empty if it was.
	DroppedUnread string
}

// Last returns the record of the newest revision, or nil if there is none.
func (f *Facts) Last() *Record {
	if len(f.Records) == 0 {
		return nil
	}
	return &f.Records[len(f.Records)-1]
}
