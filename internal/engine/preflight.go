package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

func init() { verbs[verb.Preflight] = func(s *session) verbRun { return &preflight{s} } }

// preflight asks for all that a deploy would need and changes nothing.
type preflight struct{ *session }

func (p *preflight) run(ctx context.Context) error {
	if p.options.For != "" {
		return p.writeFor(p.options.For)
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
	err := p.permissions.require(ctx, needs, "")
	if err != nil || p.permissions.without {
		res.RBAC = access.RBAC(res.User, nil)
	}
	return err
}

// writeFor writes what another account needs, for somebody who may grant it and is about to:
// nobody has to fail first.
func (p *preflight) writeFor(user string) error {
	res := &p.report.result
	res.RBAC = p.backend.Access.RBAC(user, nil)
	if res.RBAC == "" {
		return &problem.Problem{Reason: problem.WrongInput, Tried: "write what " + strconv.Quote(user) + " needs",
			Cause: errors.New("nothing can be granted to such a name"),
			Next:  "Give for as system:serviceaccount:NAMESPACE:NAME, or the name of a user as the API server knows it."}
	}
	res.Headline = fmt.Sprintf("This is what %s needs to deploy `%s` in `%s`, beside the chart's own objects.",
		user, res.Release, res.Namespace)
	return nil
}

func (p *preflight) success() string { return "" }
