package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

func init() { verbs[verb.Preflight] = func(s *session) verbRun { return &preflight{session: s} } }

// preflight asks for all that a deploy would need, with a chart also for all that its objects take until
// they are gone, has what would be written tried, and changes nothing.
type preflight struct{ *session }

func (p *preflight) run(ctx context.Context) error {
	ofChart, err := p.lookAtChart(ctx)
	if err != nil {
		return err
	}
	if p.options.For != "" {
		return p.writeFor(p.options.For, ofChart)
	}
	if err := p.ns.read(ctx); err != nil {
		return err
	}
	access, res := p.backend.Access, &p.report.result
	res.User = p.backend.Server.User(ctx)
	needs := append(access.ClusterNeeds(verb.Deploy, p.ns.now.Phase), access.StorageNeeds(verb.Deploy)...)
	needs = append(needs, access.PruneNeeds()...)
	for _, n := range p.companions.needs(facts.NamespaceActive) {
		if !slices.ContainsFunc(needs, n.SameAs) {
			needs = append(needs, n)
		}
	}
	p.permissions.review = true // whatever the input preflight says
	if p.options.Chart {
		err = p.permissions.askNeeds(ctx, needsOf(needs).With(ofChart), true, "")
	} else {
		err = p.permissions.require(ctx, needs, "")
	}
	if err == nil && p.options.Chart {
		err = p.rehearse(ctx)
	}
	if err == nil && p.permissions.without { // with an error, whoever explains it writes that
		res.RBAC = access.RBAC(res.User, p.permissions.chart, p.permissions.whole)
	}
	return err
}

// lookAtChart fetches and renders the chart where one is given, and returns what it takes.
func (p *preflight) lookAtChart(ctx context.Context) (problem.Needs, error) {
	if !p.options.Chart {
		return problem.Needs{}, nil
	}
	defer p.report.step("Prepare the chart")()
	if err := p.chart.fetch(ctx); err != nil {
		return problem.Needs{}, err
	}
	if err := p.chart.render(ctx, rendering{revision: 1}); err != nil {
		return problem.Needs{}, err
	}
	p.report.result.Chart = p.chart.name()
	return p.backend.Needs.OfLife(ctx)
}

// needsOf returns permissions as needs, now and later.
func needsOf(permissions []problem.Permission) (needs problem.Needs) {
	for _, n := range permissions {
		level := problem.Required
		if n.Optional {
			level = problem.Better
		}
		needs.Add(problem.Need{Permission: n, Now: level, Later: level})
	}
	return needs
}

// writeFor writes what another account needs, for somebody who may grant it and is about to:
// nobody has to fail first.
func (p *preflight) writeFor(user string, ofChart problem.Needs) error {
	res := &p.report.result
	all := p.permissions.offer(ofChart)
	res.RBAC = p.backend.Access.RBAC(user, p.permissions.chart, all && p.options.Chart)
	if res.RBAC == "" {
		return &problem.Problem{Reason: problem.WrongInput, Tried: "write what " + strconv.Quote(user) + " needs",
			Cause: errors.New("nothing can be granted to such a name"),
			Next:  "Give for as system:serviceaccount:NAMESPACE:NAME, or the name of a user as the API server knows it."}
	}
	res.Headline = fmt.Sprintf("This is what %s needs to deploy `%s` in `%s`, beside the chart's own objects.",
		user, res.Release, res.Namespace)
	if p.options.Chart {
		res.Headline = fmt.Sprintf("This is what %s needs to deploy `%s` in `%s`.", user, res.Release, res.Namespace)
	}
	if slices.ContainsFunc(ofChart.At(true), func(n problem.Need) bool { return n.ByHand(res.Namespace) }) {
		res.Next = text.Sentences(res.Next, NextByHand)
	}
	return nil
}

func (p *preflight) success() string {
	if res := &p.report.result; res.Changes != nil {
		return wouldChange(res)
	} else if p.options.Chart {
		return fmt.Sprintf("All that deploying `%s` in `%s` needs is permitted, and all that the chart's own objects take until they are gone.",
			res.Release, res.Namespace)
	}
	return ""
}
