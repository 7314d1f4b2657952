package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// checkCommit returns how a run ends that a comment commands and whose files are not of the
// pull request's head, or nil. The run itself is of the default branch, and so is what is
// checked out without a ref: it would be deployed as if it were the pull request's.
func (p Process) checkCommit(o *input.Options, about ci.Context) *result.Result {
	if !about.Comment.Asked || !verb.Of(o.Verb).NeedsChart {
		return nil
	}
	var errs []error
	if o.SHA != "" && !strings.HasPrefix(strings.ToLower(about.SHA), strings.ToLower(o.SHA)) {
		errs = append(errs, &input.Error{Input: "sha", Value: o.SHA, Allowed: fmt.Sprintf("the head of pull request %d is %s; leave sha out",
			about.PullRequest, about.SHA)})
	}
	elsewhere, later := 0, 0
	for _, f := range checkedOutFiles(o) {
		ok, at, moved := ci.CheckedOut(f.path, about.SHA, about.PullRequest)
		if ok {
			continue
		}
		e := &input.Error{Input: f.input, Value: f.shown(), Allowed: fmt.Sprintf("it is in no checkout of %s, the head of pull request %d",
			about.SHA, about.PullRequest)}
		elsewhere++
		if at != "" {
			e.Allowed = fmt.Sprintf("it is of %s, and the head of pull request %d is %s", at, about.PullRequest, about.SHA)
		}
		if moved {
			later++
		}
		errs = append(errs, e)
	}
	if len(errs) == 0 {
		return nil
	}
	r := p.wrongInput(o.Verb, errors.Join(errs...))
	r.Headline = "What is checked out is not the pull request's head; nothing was touched."
	switch {
	case elsewhere == 0:
		r.Headline = "Wrong input; nothing was touched."
	case later == elsewhere:
		r.Next = "Run again: the head has moved since it was checked out."
	default:
		r.Next = "Write the step before Berth's as " + checkoutStep + ", and give the command again."
	}
	return &r
}

// checkoutStep checks out what a comment's pull request asks to be merged.
const checkoutStep = `{uses: actions/checkout@v7, with: {` +
	`ref: "refs/pull/${{ github.event.issue.number }}/head", persist-credentials: false}}`

// checkedOutFiles returns the files and folders of this machine that a chart and its values
// are made of. Of a path with a template in it, it is the folder before that.
func checkedOutFiles(o *input.Options) (files []given) {
	add := func(name, path string) {
		if path == "" || path == "-" || strings.Contains(path, "://") {
			return
		}
		if before, _, template := strings.Cut(path, "{{"); template {
			path = before[:strings.LastIndex(before, "/")+1] + "."
		}
		files = append(files, given{name, path})
	}
	if o.ChartRepo == "" {
		add("chart", o.Chart)
	}
	for _, path := range o.Values {
		add("values", path)
	}
	for _, item := range o.SetFile {
		_, path, _ := strings.Cut(item, "=")
		add("set-file", path)
	}
	return files
}
