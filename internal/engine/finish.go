package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// finish turns what happened into the result that the reports are made of.
func (r *run) finish(ctx context.Context, err error) result.Result {
	res := &r.result
	res.Reason = problem.Consistent
	if stop := r.interruption(ctx); stop != nil && err != nil {
		if r.settled == "" { // what the settling lacked, say
			res.Evidence = append(res.Evidence, problem.Of(err).Error())
		}
		err = stop // whatever failed, failed because of it
	}
	if p := problem.Of(err); p != nil {
		r.explain(ctx, p)
	} else if res.Headline == "" {
		res.Headline = r.success()
	}
	res.Audit = r.Releases.Audit()
	res.Traffic = r.Cluster.Traffic()
	res.Took = r.Clock().Sub(r.started)
	return *res
}

// explain puts a problem into the result: what failed, why, and what to do.
func (r *run) explain(ctx context.Context, p *problem.Problem) {
	res := &r.result
	res.Reason, res.Headline, res.Next, res.Missing = p.Reason, p.Sentence(), p.Next, p.Missing
	if p.Cause != nil {
		res.Cause = p.Cause.Error()
	}
	if p.Reason == problem.PermissionMissing {
		r.explainPermission(ctx, p)
	}
	title := strings.ReplaceAll(string(p.Reason), "-", " ")
	message := p.Error()
	if p.Reason == problem.PermissionMissing {
		message = res.Headline
	}
	level := result.LevelError
	if p.Reason == problem.Interrupted || p.Reason == problem.Terminated {
		level = result.LevelWarning
	}
	r.note(level, title, "%s", text.Sentences(message)+text.After(" ", res.Next)) // which may end with a command
}

// explainPermission says who lacks what, and what to apply.
func (r *run) explainPermission(ctx context.Context, p *problem.Problem) {
	res := &r.result
	if res.User == "" {
		res.User = r.Cluster.User(context.WithoutCancel(ctx))
	}
	if len(p.Missing) == 0 {
		return
	}
	var more []problem.Permission
	for _, g := range p.Missing {
		more = append(more, g.Permission)
	}
	res.RBAC = r.Access.RBAC(res.User, more)
	who := res.User
	if who == "" {
		who = "the user of this run"
	}
	res.Headline = fmt.Sprintf("%s may not %s.", who, listGaps(p.Missing))
	if res.Next == "" {
		res.Next = "Apply the RBAC below, then run again."
	}
}

// success is the one line of a run that went well.
func (r *run) success() string {
	res := &r.result
	release, where := fmt.Sprintf("Revision %d of `%s`", res.Revision, res.Release), fmt.Sprintf("in `%s`", res.Namespace)
	switch {
	case res.Verb == verb.Teardown && r.namespaceGone:
		return fmt.Sprintf("`%s` is gone, and so is its namespace `%s`.", res.Release, res.Namespace)
	case res.Verb == verb.Teardown:
		return fmt.Sprintf("`%s` %s is gone; the namespace stays.", res.Release, where)
	case res.Verb == verb.Preflight:
		return fmt.Sprintf("All that deploying `%s` %s needs is permitted.", res.Release, where)
	case res.Verb == verb.Repair && res.Repair == "":
		return fmt.Sprintf("Nothing to repair: %s %s is %s.", strings.ToLower(release[:1])+release[1:], where, res.Status)
	case res.Verb == verb.Repair && res.Repair == "promote":
		return fmt.Sprintf("Repaired: the record of revision %d of `%s` %s now says deployed, as everything it describes is. No pod was touched.",
			res.Revision, res.Release, where)
	case res.Verb == verb.Repair && res.Status == facts.StatusDeployed:
		return fmt.Sprintf("Repaired: %s is the only one deployed %s.", strings.ToLower(release[:1])+release[1:], where)
	case res.Status != facts.StatusDeployed:
		return fmt.Sprintf("%s %s is %s, and its record says so.", release, where, res.Status)
	}
	return fmt.Sprintf("%s is deployed %s: what is stored and running is what was reported.", release, where)
}

// listGaps names every missing permission.
func listGaps(gaps []problem.MissingPermission) string {
	names := make([]string, len(gaps))
	for i, g := range gaps {
		names[i] = g.String()
	}
	return strings.Join(names, "; ")
}
