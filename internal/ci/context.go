package ci

// Context is what a run is about. Branch and everything from an event's payload
// is untrusted text.
type Context struct {
	Host           string // the platform's server: github.com
	Repository     string // owner/name that the review app belongs to
	HeadRepository string // owner/name that the branch lives in; differs for a fork
	Branch         string // empty when the event is not about a branch
	DefaultBranch  string
	PullRequest    int // number; 0 means none
	SHA            string
	RunURL         string // of this attempt of the run; on GitLab, of the job
	Attempt        int
	Event          Event
}

// Fork reports whether the branch lives in another repository.
func (c Context) Fork() bool { return c.HeadRepository != c.Repository }

// Event is what made the platform start this run.
type Event struct {
	Name    string // GitHub's name (pull_request, push, delete, schedule); on GitLab environment, schedule or pipeline
	Action  string // of a pull request: opened, closed, …; of an environment: start, stop, …
	Tag     bool   // the event is about a tag, not about a branch
	Deleted bool   // the event is a push that deleted its branch
}
