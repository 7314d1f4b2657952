package fleet

import "time"

// Answer is what the platform, GitHub or GitLab, says of one app. The zero Answer says
// nothing, so that nothing goes by it.
type Answer struct {
	Access Access
	Why    string    // as a clause, why nothing is known; untrusted text is quoted in it
	At     time.Time // when the platform was asked, by the clock of the machine
	// Alone says that the platform was asked about this app alone, as is done right before it
	// goes. What a list says is true of the time at which its page was made.
	Alone bool

	Pull   Pull
	Number int  // of the pull request that Pull is about; 0: there is none
	Keep   bool // that pull request, or another open one of the branch, has the label keep

	Main      bool // its branch is the repository's default branch
	Branch    Branch
	BranchWhy string // as a clause, why it is not known of the branch
}

// Access is whether the platform has answered.
type Access int

// The ways to ask.
const (
	// Unanswered: it was to be asked, and has not answered, or not so that it is understood.
	Unanswered Access = iota
	// NotAsked: there is no token to ask it with, or the app is of a repository that it is not
	// asked about.
	NotAsked
	Answered
)

// Pull is how the pull request, or merge request, of an app is.
type Pull int

// What a platform says of it.
const (
	PullUnknown Pull = iota
	PullNone         // the app has none that is known, and no open one is of its branch
	PullOpen         // its own is open, or another one of its branch
	PullClosed       // it was closed and not merged; or, as a list says it, it is not open
	PullMerged
)

// Branch is whether the branch of an app is there.
type Branch int

// What a platform says of it.
const (
	BranchUnknown Branch = iota
	BranchThere
	BranchGone
)

// fresh reports whether an answer is of this run.
func (a Answer) fresh(p Policy) bool { return !p.Since.IsZero() && !a.At.Before(p.Since) }

// known reports whether the platform has said how the app's pull requests are.
func (a Answer) known(p Policy) bool {
	return a.Access == Answered && a.Pull != PullUnknown && a.fresh(p)
}
