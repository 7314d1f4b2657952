package input

import (
	"cmp"
	"strings"
)

// Defaults is what the CI's environment says about the run. It is empty outside
// CI.
type Defaults struct {
	Host           string
	Repository     string
	HeadRepository string
	Branch         string
	PullRequest    int
	SHA            string
	RunURL         string
	Attempt        int
}

// defaultHost is the platform of a repository that is given without one outside
// CI.
const defaultHost = "github.com"

// fill sets what was not given from the CI's environment, and returns what is
// wrong with that. The head repository, pull request and commit of the event
// describe the event's branch in the run's repository, so they are used only when
// the options are about that branch.
func (o *Options) fill(d Defaults) (errs Errors) {
	d.Branch = branchName(d.Branch)
	o.RunURL, o.Attempt = d.RunURL, d.Attempt

	host, repository, _ := splitRepository(o.Repository)
	same := repository == "" || strings.EqualFold(repository, d.Repository) && (host == "" || strings.EqualFold(host, d.Host))
	o.Host = cmp.Or(host, d.Host, defaultHost)
	o.Repository = cmp.Or(repository, d.Repository)

	o.Branch = branchName(o.Branch)
	same = same && (o.Branch == "" || o.Branch == d.Branch)
	if o.Branch == "" && d.Branch != "" {
		o.Branch = d.Branch
		errs = append(errs, checkDefault("branch", d.Branch, checkBranch)...)
	}
	if !same {
		d = Defaults{}
	}
	_, head, _ := splitRepository(o.HeadRepository)
	o.HeadRepository = cmp.Or(head, d.HeadRepository, o.Repository)
	o.PullRequest = cmp.Or(o.PullRequest, d.PullRequest)
	if o.SHA == "" && d.SHA != "" {
		o.SHA = d.SHA
		errs = append(errs, checkDefault("sha", d.SHA, checkSHA)...)
	}
	return errs
}

func checkDefault(name, value string, check func(string) string) Errors {
	if allowed := check(value); allowed != "" {
		return Errors{{Input: name, Value: value, Allowed: allowed, From: name + " of the CI's event"}}
	}
	return nil
}
