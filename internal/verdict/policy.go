package verdict

import "time"

// OnStuck is what the user wants done with the record of a dead operation.
type OnStuck string

// The values of the input on-stuck.
const (
	OnStuckAuto      OnStuck = "auto"      // promote what Berth began and finished, else unlock and deploy
	OnStuckPromote   OnStuck = "promote"   // promote, whoever began it, or stop
	OnStuckUnlock    OnStuck = "unlock"    // mark it failed
	OnStuckRollback  OnStuck = "rollback"  // return to the newest revision that was deployed
	OnStuckUninstall OnStuck = "uninstall" // remove the release
	OnStuckFail      OnStuck = "fail"      // change nothing
)

// OnFailure is what the user wants done after a deploy that failed.
type OnFailure string

// The values of the input on-failure.
const (
	OnFailureKeep      OnFailure = "keep"      // leave everything as it is, to be looked at
	OnFailureRollback  OnFailure = "rollback"  // return to the newest revision that was deployed
	OnFailureUninstall OnFailure = "uninstall" // remove the release
)

// Policy is what the user decided before the run.
type Policy struct {
	OnStuck         OnStuck
	OnFailure       OnFailure
	IgnoreDrift     []string      // differences that count for nothing, as Kind/name:path, in which * is any text
	Adopt           Adoption      // what is treated as Berth's own that carries no mark of it
	DeleteForeign   bool          // let a namespace go although others have something in it
	DeleteKept      bool          // let a namespace go although objects of the release in it are to be kept
	StripFinalizers []string      // the kinds, as GROUP/KIND, whose finalizers a teardown takes off once nothing else happens
	NamespaceOwns   []string      // what a team adds to the namespace for the review app, as Kind/name, globs
	OfMany          bool          // the release is one of many that a run goes through, and nobody spoke of it alone
	ByName          bool          // the release is named by its own name, and not by its branch's
	RenamedFrom     string        // the chart's name before; a release of that chart may be deployed over
	AssumeDeadAfter time.Duration // silence after which an operation that is not Berth's counts as dead; 0: never
	// Grace is how long an operation of Berth's own still counts as possibly
	// alive after its deadline or its Lease has ended. Its fence closes at that
	// moment, and requests in flight need time to arrive.
	Grace time.Duration
}

// Adoption is what the user wants treated as Berth's own although it carries no mark
// of that. Objects are taken by the Helm room, which sees whose they are.
type Adoption struct {
	Release   bool // its records
	Namespace bool // a deploy marks it, and teardown then deletes it
}
