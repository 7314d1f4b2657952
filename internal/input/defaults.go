package input

import "strings"

// defaultHost is the platform of a repository that is given without one
// outside CI.
const defaultHost = "github.com"

// fill takes from the CI's environment what was not given. The event's head
// repository, pull request and commit describe the event's branch in the run's
// repository: they say nothing about another one that was asked for.
func (r *resolver) fill(d Defaults) {
	o := r.o
	d.Branch = branchName(d.Branch)
	o.Host, o.RunURL, o.Attempt, o.DefaultBranch = d.Host, d.RunURL, d.Attempt, d.DefaultBranch

	host, repository, _ := splitRepository(o.Repository)
	same := repository == "" || strings.EqualFold(repository, d.Repository) && (host == "" || strings.EqualFold(host, d.Host))
	if repository == "" {
		repository = d.Repository
	}
	o.Host = first(host, d.Host, defaultHost)
	o.Repository = repository

	o.Branch = branchName(o.Branch)
	same = same && (o.Branch == "" || o.Branch == d.Branch)
	if o.Branch == "" && d.Branch != "" {
		o.Branch = d.Branch
		r.checkDefault("branch", d.Branch, checkBranch)
	}
	if !same {
		d = Defaults{}
	}
	_, head, _ := splitRepository(o.HeadRepository)
	o.HeadRepository = first(head, d.HeadRepository, o.Repository)
	if o.PullRequest == 0 {
		o.PullRequest = d.PullRequest
	}
	if o.SHA == "" && d.SHA != "" {
		o.SHA = d.SHA
		r.checkDefault("sha", d.SHA, checkSHA)
	}
}

func (r *resolver) checkDefault(name, value string, check func(string) string) {
	if allowed := check(value); allowed != "" {
		r.errs = append(r.errs, &Error{Input: name, Value: value, Allowed: allowed, From: name + " of the CI's event"})
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
