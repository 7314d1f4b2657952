package ci

import "fmt"

// Context is what a run is about. Branch and everything from an event's payload
// is untrusted text.
type Context struct {
	Host           string // the platform's server: github.com
	Repository     string // owner/name that the review app belongs to
	HeadRepository string // owner/name that the branch lives in; differs for a fork
	HeadUnknown    bool   // the branch may live in a fork, and nothing says in which: it is gone, or the event cannot be read
	LostFork       string // owner/name that a fork which is gone most likely had: a guess, to be proven by what was recorded
	Branch         string // empty when the event is not about a branch
	OnRef          bool   // Branch is merely what the run was started on, and need not be what it is about
	RefBranch      string // what the run's ref names, which need not be what it is about; GitHub's alone
	Mention        Mention
	DefaultBranch  string
	PullRequest    int // number; 0 means none
	Pull           Pull
	Siblings       []Sibling // where the event ends the pull request, as far as they are known
	SHA            string
	RunURL         string // of this attempt of the run; on GitLab, of the job
	Actor          string // the login of whoever started the run; untrusted text
	RunMark        string // belongs behind RunURL where the run is written down: what it takes to ask about it later
	Attempt        int
	Event          Event
	Comment        Comment
	Pages          Pages
}

// Pages are the addresses of the repository's pages on the platform, without what they
// are about at the end. An empty one is not known.
type Pages struct {
	Commits string // a commit's hash belongs behind it
	Pulls   string // a pull or merge request's number belongs behind it
}

// Fork reports whether the branch lives in another repository, or in one that is not
// known any more.
func (c Context) Fork() bool { return c.HeadRepository != c.Repository }

// Subject returns the branch that the run is about, or "" and why it is about none.
// What a person, a schedule or another pipeline started runs on the default branch
// unless somebody chose another, so that one is taken only where it was pushed to.
func (c Context) Subject() (branch, why string) {
	switch {
	case c.Branch == "" && c.Event.Name == "":
		return "", ""
	case c.Branch == "":
		return "", fmt.Sprintf("the %s event is about no branch", c.Event.Name)
	case c.OnRef && (c.DefaultBranch == "" || c.Branch == c.DefaultBranch):
		return "", "this run was started on the default branch, which need not be what it is about"
	}
	return c.Branch, ""
}

// Pull is what the event says of its pull or merge request beside its head. Labels are
// untrusted text.
type Pull struct {
	Labels []string
	Draft  bool
	Closed bool // closed or merged
	// Member is true where a member of the repository answers for the branch of a fork:
	// its owner is one and opened the pull request; or, on GitLab, whoever started the
	// pipeline, which is given nothing of the project's otherwise.
	Member bool
}

// Event is what made the platform start this run.
type Event struct {
	Name    string // GitHub's name (pull_request, push, delete, schedule); on GitLab environment, schedule or pipeline
	Action  string // of a pull request: opened, closed, …; of an environment: start, stop, …
	Label   string // the label that a pull request was given, or that was taken from it; untrusted text
	Tag     bool   // the event is about a tag, not about a branch
	Deleted bool   // the event is a push that deleted its branch
}
