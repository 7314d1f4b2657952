package input

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Defaults is what the CI's environment says about the run. It is empty outside
// CI.
type Defaults struct {
	Host           string
	Repository     string
	HeadRepository string
	HeadUnknown    bool // the branch may live in a fork, and nothing says in which
	Branch         string
	OnRef          bool   // Branch is merely what the run was started on
	NoBranch       string // why Branch is empty; a clause
	EventName      string
	EventUnread    bool   // what the run is about cannot be read
	RefBranch      string // what the run's ref names
	DefaultBranch  string // of Repository; empty: not known
	Mention        Mention
	PullRequest    int
	SHA            string
	RunURL         string
	RunMark        string
	Actor          string
	Attempt        int
	CommitPages    string // begins the address of a commit's page
	PullPages      string // begins the address of a pull request's page
}

// defaultHost is the platform of a repository that is given without one outside
// CI.
const defaultHost = "github.com"

// fill sets what was not given from the CI's environment, and returns what is
// wrong with that. The head repository, pull request and commit of the event
// describe the event's branch in the run's repository, so they are used only when
// the options are about that branch.
func (o *Options) fill(d Defaults) (errs Errors) {
	o.RunURL, o.RunMark, o.Actor, o.Attempt, o.NoBranch = d.RunURL, d.RunMark, d.Actor, d.Attempt, d.NoBranch

	host, repository, _ := splitRepository(o.Repository)
	ownRepository := repository == "" || strings.EqualFold(repository, d.Repository) && (host == "" || strings.EqualFold(host, d.Host))
	o.Host = cmp.Or(host, d.Host, defaultHost)
	o.Repository = cmp.Or(repository, d.Repository)

	if ownRepository {
		o.DefaultBranch = d.DefaultBranch
		o.CommitPages, o.PullPages = d.CommitPages, d.PullPages
	}

	o.Branch = branchName(o.Branch)
	given := o.Branch != ""
	for _, of := range []string{d.Branch, d.Mention.Branch} {
		if given && of != branchName(of) && o.Branch == branchName(of) {
			errs = append(errs, checkDefault("branch", of, checkEventBranch)...)
		}
	}
	if given && d.Branch == "" && o.Branch == d.Mention.Branch { // a fork's is the fork's, not ours of that name
		d.Branch, d.HeadRepository, d.HeadUnknown = d.Mention.Branch, d.Mention.HeadRepository, d.Mention.HeadUnknown
	}
	if d.Mention.PullRequest != 0 && ownRepository { // whose branch may be of that name, and a fork's
		d.HeadUnknown = true
	}
	if !given && d.isAbout(o.PullRequest) {
		o.Branch = d.Branch
		errs = append(errs, checkDefault("branch", d.Branch, checkEventBranch)...)
	}
	ownBranch := o.Branch != "" && o.Branch == d.Branch
	errs = append(errs, o.fillHead(d, given, ownBranch && (ownRepository || !given))...)
	if !ownRepository || !ownBranch {
		return errs
	}
	o.PullRequest = cmp.Or(o.PullRequest, d.PullRequest)
	if o.SHA == "" && d.SHA != "" {
		o.SHA = d.SHA
		errs = append(errs, checkDefault("sha", d.SHA, checkSHA)...)
	}
	return errs
}

// mayBeOfBranch reports whether the run may be about a branch that is not known: what is done is
// to be done to that one, and not to whichever has a release of some name.
func (d Defaults) mayBeOfBranch() bool { return d.EventUnread || d.HeadUnknown }

// isAbout reports whether the event's branch is meant where none is given: not where
// another pull request is, and where one is, not because the run merely was started
// on that branch.
func (d Defaults) isAbout(pullRequest int) bool {
	if d.Branch == "" || pullRequest == 0 || pullRequest == d.PullRequest {
		return d.Branch != ""
	}
	return d.PullRequest == 0 && !d.OnRef
}

// fillHead sets the repository that the branch lives in, and leaves it empty where it
// is not known: a fork's branch must not be taken for the base repository's of that
// name. given reports whether the branch was given, and own whether it is the event's.
// A fork's branch stays the fork's, whatever repository the review app belongs to.
func (o *Options) fillHead(d Defaults, given, own bool) Errors {
	_, head, _ := splitRepository(o.HeadRepository)
	isFork := d.HeadRepository != "" && !strings.EqualFold(d.HeadRepository, d.Repository)
	sameRepository := strings.EqualFold(o.Repository, d.Repository)
	switch {
	case head != "":
		o.HeadRepository = head
		return nil
	case o.Branch == "", d.HeadUnknown && (own || d.Branch == ""):
		o.HeadRepository = ""
		return nil
	case own && d.HeadRepository != "" && (sameRepository || isFork && !given):
		o.HeadRepository = d.HeadRepository
		return checkDefault("head-repository", o.HeadRepository, checkFullName)
	}
	o.HeadRepository = o.Repository
	return nil
}

// CheckEvent returns what of the options is about something else than the event, by which
// auto chose the verb. An expression for the branch often means the one that the run was
// started on: the default branch, where another one was deleted.
func (o *Options) CheckEvent(d Defaults) error {
	var errs Errors
	other := func(input, value, of string) {
		errs = append(errs, &Error{Input: input, Value: value, Allowed: fmt.Sprintf(
			"auto goes by the event, which is about %q; leave %s out, or name the verb in place of auto", of, input)})
	}
	if of := d.Branch; of != "" && o.Branch != of {
		other("branch", o.Branch, of)
	}
	fork := d.HeadRepository != "" && !strings.EqualFold(d.HeadRepository, d.Repository)
	if !d.HeadUnknown && (fork || strings.EqualFold(o.Repository, d.Repository)) && !strings.EqualFold(o.HeadRepository, d.HeadRepository) {
		other("head-repository", o.HeadRepository, d.HeadRepository)
	}
	if d.PullRequest != 0 && o.PullRequest != 0 && o.PullRequest != d.PullRequest {
		other("pull-request", strconv.Itoa(o.PullRequest), strconv.Itoa(d.PullRequest))
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// SetHeadOf sets the repository that the branch lives in, which was given without one at an
// event that is about a pull request and does not name its branch. head is what the platform
// says of that: where it is another branch, the one that was given is the base repository's.
func (o *Options) SetHeadOf(number int, head, headRepository, sha string) error {
	if head != o.Branch {
		o.HeadRepository = o.Repository
		return nil
	}
	o.PullRequest = number
	return o.SetHead(head, headRepository, sha)
}

// SetHead sets the branch of the pull request to what the platform says of it, where
// no input does, and returns what is wrong with that.
func (o *Options) SetHead(branch, headRepository, sha string) error {
	of := fmt.Sprintf(" of pull request %d", o.PullRequest)
	errs := checkFrom("branch"+of, branch, checkEventBranch)
	if headRepository != "" {
		errs = append(errs, checkFrom("head-repository"+of, headRepository, checkFullName)...)
		if o.HeadRepository != "" && !strings.EqualFold(o.HeadRepository, headRepository) {
			errs = append(errs, &Error{Input: "head-repository", Value: o.HeadRepository,
				Allowed: "the pull request's branch lives in another repository; leave head-repository out"})
		}
	}
	if sha != "" && o.SHA == "" {
		errs = append(errs, checkFrom("sha"+of, sha, checkSHA)...)
		o.SHA = sha
	}
	if len(errs) > 0 {
		return errs
	}
	o.Branch, o.HeadRepository = branch, cmp.Or(o.HeadRepository, headRepository)
	return nil
}

func checkDefault(name, value string, check func(string) string) Errors {
	return checkFrom(name+" of the CI's event", value, check)
}

func checkFrom(from, value string, check func(string) string) Errors {
	if allowed := check(value); allowed != "" {
		return Errors{{Input: strings.Fields(from)[0], Value: value, Allowed: allowed, From: from}}
	}
	return nil
}
