package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/verb"
)

func init() { verbs[verb.Preflight] = func(s *session) verbRun { return &preflight{s} } }

// preflight asks for all that a deploy would need and changes nothing.
type preflight struct{ *session }

func (p *preflight) run(ctx context.Context) error {
	if err := p.ns.read(ctx); err != nil {
		return err
	}
	access, res := p.backend.Access, &p.report.result
	res.User = p.backend.Server.User(ctx)
	needs := append(access.ClusterNeeds(verb.Deploy, p.ns.now.Phase), access.StorageNeeds(verb.Deploy)...)
	needs = append(needs, access.PruneNeeds()...)
	p.permissions.review = true // whatever the input preflight says
	err := p.permissions.require(ctx, needs, "")
	res.RBAC = access.RBAC(res.User, nil)
	return err
}

func (p *preflight) success() string { return "" }
